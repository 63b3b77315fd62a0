//! References inside of CSS: found by a real tokenizer, by their place, so that
//! everything else stays byte for byte.

use crate::assets::{AssetKind, resolve};
use cssparser::{ParseError, Parser, Token};
use std::ops::Range;
use url::Url;

/// Blocks nested deeper hold nothing that a page would show; they are cut out, for
/// reading them takes stack.
const MAX_DEPTH: u32 = 48;

/// What stands at a place of a style sheet.
pub(crate) enum Part<'u> {
    /// The address is `None` when it cannot be made absolute.
    Reference {
        url: Option<&'u Url>,
        kind: AssetKind,
        form: Form,
    },
    /// To be left out.
    TooDeep,
}

/// How an address is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Url,
    String,
}

impl Form {
    /// CSS in place of what refers to something.
    pub fn with(self, address: &str) -> String {
        let quoted = quoted(address);
        match self {
            Self::Url => format!("url({quoted})"),
            Self::String => quoted,
        }
    }
}

/// Calls `each` for what refers to something, in order. `kind` is that of
/// references outside of at-rules that say better.
pub(crate) fn parts(
    css: &str,
    base: Option<&Url>,
    kind: AssetKind,
    each: &mut dyn FnMut(Range<usize>, Part<'_>),
) {
    if !may_refer(css) {
        return;
    }
    let mut reader = Reader { css, base, each };
    let mut parser = Parser::new(css);
    // Ours cuts; the library's would go on as if the block were not one.
    parser.set_nested_block_limit(0);
    let inside = Inside {
        kind,
        strings_refer: false,
        depth: 0,
    };
    reader.block(&mut parser, inside);
}

/// False only when there is nothing to find. An escape could hide any of the words.
fn may_refer(css: &str) -> bool {
    const FUNCTIONS: [&[u8]; 4] = [b"url", b"src", b"image", b"image-set"];
    let bytes = css.as_bytes();
    let ends_with = |text: &[u8], word: &[u8]| {
        text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
    };
    memchr::memchr3_iter(b'\\', b'(', b'@', bytes).any(|at| match bytes[at] {
        b'\\' => true,
        b'(' => FUNCTIONS.iter().any(|name| ends_with(&bytes[..at], name)),
        _ => bytes
            .get(at + 1..at + 7)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"import")),
    })
}

struct Reader<'c, 'f> {
    css: &'c str,
    base: Option<&'c Url>,
    each: &'f mut dyn FnMut(Range<usize>, Part<'_>),
}

/// What is known about a block's content.
#[derive(Clone, Copy)]
struct Inside {
    kind: AssetKind,
    /// Plain strings are addresses, as in `image-set("a.png" 1x)`.
    strings_refer: bool,
    depth: u32,
}

/// The at-rule whose start is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    None,
    Import,
    /// Its address is a name; nothing loads it.
    Namespace,
    FontFace,
}

impl<'c> Reader<'c, '_> {
    fn block(&mut self, parser: &mut Parser<'c>, inside: Inside) {
        let mut rule = Rule::None;
        loop {
            let start = parser.position().byte_index();
            let Ok(token) = parser.next_including_whitespace_and_comments() else {
                return;
            };
            match token.clone() {
                Token::AtKeyword(name) => rule = rule_of(&name),
                Token::Semicolon => rule = Rule::None,
                Token::UnquotedUrl(url) => {
                    self.reference(&url, rule, inside.kind, start, parser, Form::Url);
                    rule = after_reference(rule);
                }
                Token::QuotedString(url) if rule == Rule::Import || inside.strings_refer => {
                    self.reference(&url, rule, inside.kind, start, parser, Form::String);
                    rule = after_reference(rule);
                }
                Token::Function(name) if is_one_of(&name, &["url", "src"]) => {
                    if let Some(url) = only_string(parser) {
                        self.reference(&url, rule, inside.kind, start, parser, Form::Url);
                        rule = after_reference(rule);
                    }
                }
                Token::Function(name) => {
                    let sets = ["image-set", "-webkit-image-set", "image"];
                    let strings_refer = is_one_of(&name, &sets);
                    self.nested(
                        parser,
                        Inside {
                            strings_refer,
                            ..inside
                        },
                    );
                }
                Token::CurlyBracketBlock => {
                    let kind = match rule {
                        Rule::FontFace => AssetKind::Font,
                        _ => inside.kind,
                    };
                    rule = Rule::None;
                    self.nested(
                        parser,
                        Inside {
                            kind,
                            strings_refer: false,
                            ..inside
                        },
                    );
                }
                Token::ParenthesisBlock | Token::SquareBracketBlock => self.nested(parser, inside),
                _ => {}
            }
        }
    }

    fn nested(&mut self, parser: &mut Parser<'c>, inside: Inside) {
        let start = parser.position().byte_index();
        let too_deep = inside.depth >= MAX_DEPTH;
        // Ignored: what is not read to its end is skipped.
        let _ = parser.parse_nested_block(|parser| {
            if !too_deep {
                let depth = inside.depth + 1;
                self.block(parser, Inside { depth, ..inside });
            }
            Ok::<_, ParseError<()>>(())
        });
        if too_deep {
            let text = &self.css[start..parser.position().byte_index()];
            let content = text.trim_end_matches([')', ']', '}']).len();
            (self.each)(start..start + content, Part::TooDeep);
        }
    }

    fn reference(
        &mut self,
        url: &str,
        rule: Rule,
        kind: AssetKind,
        start: usize,
        parser: &Parser<'c>,
        form: Form,
    ) {
        let kind = match rule {
            Rule::Namespace => return,
            Rule::Import => AssetKind::StyleSheet,
            Rule::None | Rule::FontFace => kind,
        };
        if let Some(url) = resolve(url, self.base) {
            let url = url.as_ref();
            let place = start..parser.position().byte_index();
            (self.each)(place, Part::Reference { url, kind, form });
        }
    }
}

fn rule_of(name: &str) -> Rule {
    match name.to_ascii_lowercase().as_str() {
        "import" => Rule::Import,
        "namespace" => Rule::Namespace,
        "font-face" => Rule::FontFace,
        _ => Rule::None,
    }
}

/// What follows the address of an import are its conditions.
fn after_reference(rule: Rule) -> Rule {
    match rule {
        Rule::Import => Rule::None,
        other => other,
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted))
}

/// The string at the start of a function's arguments, which are consumed.
fn only_string(parser: &mut Parser<'_>) -> Option<String> {
    let mut found = None;
    // Ignored: modifiers behind the string mean nothing here.
    let _ = parser.parse_nested_block(|parser| {
        found = parser.expect_string().ok().map(|text| text.to_string());
        Ok::<_, ParseError<()>>(())
    });
    found
}

fn quoted(url: &str) -> String {
    let mut out = String::from("\"");
    for c in url.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // Escaped by its number: a line break would end the string.
            c if c.is_control() => out.push_str(&format!("\\{:x} ", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
