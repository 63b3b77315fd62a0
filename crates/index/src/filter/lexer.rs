//! Words of the text form.

use super::{FilterError, MAX_TEXT_BYTES, Problem};
use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Quoted(String),
    /// `( ) , = != < <= > >=`
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub struct Placed {
    pub token: Token,
    pub at: Range<usize>,
}

const KEYWORDS: [&str; 11] = [
    "and", "or", "not", "in", "contains", "like", "exists", "missing", "from", "to", "last",
];
/// Longer ones first.
const SIGNS: [&str; 9] = ["!=", "<=", ">=", "(", ")", ",", "=", "<", ">"];

pub fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

impl Token {
    pub fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// For messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => {
                let short: String = text.chars().take(40).collect();
                format!("{short:?}")
            }
            Self::Sign(sign) => format!("{sign:?}"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// The last token is [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    if text.len() > MAX_TEXT_BYTES {
        let problem = Problem::new(format!("a filter may have {MAX_TEXT_BYTES} bytes"));
        return Err(FilterError::at(MAX_TEXT_BYTES..text.len(), problem));
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = next(&text[at..])
            .map_err(|problem| FilterError::at(at..text.len().min(at + 1), problem))?;
        found.push(Placed {
            token,
            at: at..at + length,
        });
        at += length;
    }
    found.push(Placed {
        token: Token::End,
        at: text.len()..text.len(),
    });
    Ok(found)
}

fn next(rest: &str) -> Result<(Token, usize), Problem> {
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    let end = rest
        .find(|letter: char| letter.is_whitespace() || "()\",=<>!".contains(letter))
        .unwrap_or(rest.len());
    if end == 0 {
        return Err(Problem::new(
            "this character has a meaning only inside of quotes",
        ));
    }
    Ok((Token::Word(rest[..end].to_owned()), end))
}

fn quoted(rest: &str) -> Result<(Token, usize), Problem> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Token::Quoted(text), at + 1)),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(Problem::new("this quote is not closed"))
}
