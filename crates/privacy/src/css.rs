//! References inside of CSS: found by a real tokenizer, and replaced in place, so
//! that everything else stays byte for byte.

use crate::assets::{AssetKind, Visit, resolve};
use cssparser::{ParseError, Parser, Token};
use url::Url;

/// Blocks nested deeper hold nothing that a page would show; they are cut out, for
/// reading them takes stack.
const MAX_DEPTH: u32 = 48;

/// Shows every reference to `visit` and puts in what it answers. `None` when nothing
/// changed. `kind` is that of references outside of at-rules that say better.
pub(crate) fn rewrite(
    css: &str,
    base: Option<&Url>,
    kind: AssetKind,
    visit: &mut Visit<'_>,
) -> Option<String> {
    if !may_refer(css) {
        return None;
    }
    let mut rewriter = Rewriter {
        css,
        base,
        visit,
        out: String::new(),
        copied_to: 0,
    };
    let mut parser = Parser::new(css);
    // Ours cuts; the library's would go on as if the block were not one.
    parser.set_nested_block_limit(0);
    rewriter.block(
        &mut parser,
        Inside {
            kind,
            strings_refer: false,
            depth: 0,
        },
    );
    if rewriter.copied_to == 0 {
        return None;
    }
    let Rewriter {
        mut out, copied_to, ..
    } = rewriter;
    out.push_str(&css[copied_to..]);
    Some(out)
}

/// An escape could hide any of the words.
fn may_refer(css: &str) -> bool {
    let has = |word: &[u8]| {
        css.as_bytes()
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    css.contains('\\') || has(b"url(") || has(b"@import") || has(b"image") || has(b"src(")
}

struct Rewriter<'c, 'v, 'f> {
    css: &'c str,
    base: Option<&'c Url>,
    visit: &'v mut Visit<'f>,
    out: String,
    /// How much of the text has been copied or replaced.
    copied_to: usize,
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

impl<'c> Rewriter<'c, '_, '_> {
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
            self.replace(start, start + content, "");
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
        let Some(found) = resolve(url, self.base) else {
            return;
        };
        let Some(new) = (self.visit)(found.as_ref(), kind, true) else {
            return;
        };
        let quoted = quoted(&new);
        let new = match form {
            Form::Url => format!("url({quoted})"),
            Form::String => quoted,
        };
        self.replace(start, parser.position().byte_index(), &new);
    }

    fn replace(&mut self, start: usize, end: usize, new: &str) {
        self.out.push_str(&self.css[self.copied_to..start]);
        self.out.push_str(new);
        self.copied_to = end;
    }
}

#[derive(Clone, Copy)]
enum Form {
    Url,
    String,
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
