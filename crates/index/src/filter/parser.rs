//! The text form, read by recursive descent of bounded depth.

use super::fields::{FieldKind, Origin, field, happening};
use super::lexer::{Placed, Token, tokens};
use super::{
    Comparison, Filter, FilterError, Happened, MAX_CONDITIONS, MAX_DEPTH, MAX_LIST, Operand,
    Phrase, Predicate, Problem, Step, Test, When,
};
use std::ops::Range;

pub fn parse(text: &str) -> Result<Filter, FilterError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        conditions: 0,
    };
    if *parser.peek() == Token::End {
        return Ok(Filter::everything());
    }
    let filter = parser.any()?;
    match parser.peek() {
        Token::End => Ok(filter),
        _ => Err(parser.unexpected("and, or, or the end")),
    }
}

pub(super) struct Parser {
    pub(super) tokens: Vec<Placed>,
    pub(super) next: usize,
    depth: usize,
    conditions: usize,
}

pub(super) type Parsed<T> = Result<T, FilterError>;

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.next].token
    }

    /// Of the next token.
    pub(super) fn place(&self) -> Range<usize> {
        self.tokens[self.next].at.clone()
    }

    pub(super) fn take(&mut self) -> Placed {
        let token = self.tokens[self.next].clone();
        // The end stays where it is.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn take_sign(&mut self, sign: &'static str) -> bool {
        let found = *self.peek() == Token::Sign(sign);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_keyword(keyword);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn unexpected(&self, expected: &str) -> FilterError {
        let found = self.peek().describe();
        FilterError::at(
            self.place(),
            Problem::new(format!("expected {expected}, found {found}")),
        )
    }

    pub(super) fn expect_sign(&mut self, sign: &'static str) -> Parsed<()> {
        if self.take_sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("{sign:?}")))
    }

    fn any(&mut self) -> Parsed<Filter> {
        let mut found = vec![self.all()?];
        while self.take_keyword("or") {
            found.push(self.all()?);
        }
        Ok(alone_or(found, Filter::Any))
    }

    fn all(&mut self) -> Parsed<Filter> {
        let mut found = vec![self.one()?];
        loop {
            let had_and = self.take_keyword("and");
            let is_over = matches!(self.peek(), Token::End | Token::Sign(")"))
                || self.peek().is_keyword("or");
            if is_over && !had_and {
                return Ok(alone_or(found, Filter::All));
            }
            found.push(self.one()?);
        }
    }

    fn one(&mut self) -> Parsed<Filter> {
        let at = self.place();
        if self.take_keyword("not") {
            self.deeper(&at)?;
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.take_sign("(") {
            self.deeper(&at)?;
            let inner = self.any()?;
            self.expect_sign(")")?;
            self.depth -= 1;
            return Ok(inner);
        }
        self.condition()
    }

    fn deeper(&mut self, at: &Range<usize>) -> Parsed<()> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("conditions may be nested {MAX_DEPTH} deep");
        Err(FilterError::at(at.clone(), Problem::new(message)))
    }

    pub(super) fn count_condition(&mut self, at: &Range<usize>) -> Parsed<()> {
        self.conditions += 1;
        if self.conditions <= MAX_CONDITIONS {
            return Ok(());
        }
        let message = format!("a filter may have {MAX_CONDITIONS} conditions");
        Err(FilterError::at(at.clone(), Problem::new(message)))
    }

    pub(super) fn name(&mut self, expected: &str) -> Parsed<(String, Range<usize>)> {
        match self.peek() {
            Token::Word(word) if super::lexer::is_keyword(word) => Err(self.unexpected(expected)),
            Token::Word(_) | Token::Quoted(_) => {
                let Placed { token, at } = self.take();
                match token {
                    Token::Word(name) | Token::Quoted(name) => Ok((name, at)),
                    Token::Sign(_) | Token::End => Err(self.unexpected(expected)),
                }
            }
            Token::Sign(_) | Token::End => Err(self.unexpected(expected)),
        }
    }

    fn condition(&mut self) -> Parsed<Filter> {
        let (name, at) = self.name("a condition")?;
        self.count_condition(&at)?;
        if *self.peek() == Token::Sign("(") {
            if name == "cohort" {
                return self.cohort_named();
            }
            let mut happened = self.happened(&name, at)?;
            while self.occurs(&mut happened)? {}
            return Ok(Filter::Happened(happened));
        }
        let field = field(&name).map_err(|problem| FilterError::at(at.clone(), problem))?;
        match field.origin {
            Origin::Screen => self.screen(),
            Origin::Cohort => self.cohort(),
            Origin::Row(_) | Origin::Happening(..) => {
                let kind = field.kind;
                let test = self.test(&name, kind)?;
                Ok(Filter::Field(Predicate { name, test }))
            }
        }
    }

    /// `=` or `!=`; true for the second.
    fn equal_or_not(&mut self) -> Parsed<bool> {
        if self.take_sign("!=") {
            return Ok(true);
        }
        if self.take_sign("=") || self.take_keyword("contains") {
            return Ok(false);
        }
        Err(self.unexpected("= or !="))
    }

    fn screen(&mut self) -> Parsed<Filter> {
        let is_not = self.equal_or_not()?;
        let at = self.place();
        let (text, _) = self.value_text()?;
        let phrase = Phrase::parse(text).map_err(|problem| FilterError::at(at, problem))?;
        Ok(negate_if(is_not, Filter::Screen(phrase)))
    }

    fn cohort(&mut self) -> Parsed<Filter> {
        let is_not = self.equal_or_not()?;
        let at = self.place();
        let (text, is_quoted) = self.value_text()?;
        let id = text.parse().ok().filter(|_| !is_quoted);
        let cohort = id.map_or_else(|| named_cohort(text, at), |id| Ok(Filter::Cohort(id)));
        Ok(negate_if(is_not, cohort?))
    }

    /// `cohort("name")`
    fn cohort_named(&mut self) -> Parsed<Filter> {
        self.expect_sign("(")?;
        let at = self.place();
        let (name, _) = self.value_text()?;
        let cohort = named_cohort(name, at)?;
        self.expect_sign(")")?;
        Ok(cohort)
    }

    /// Without what says how often.
    pub(super) fn happened(&mut self, kind: &str, at: Range<usize>) -> Parsed<Happened> {
        let known = happening(kind).map_err(|problem| FilterError::at(at, problem))?;
        self.expect_sign("(")?;
        let mut happened = Happened {
            kind: kind.to_owned(),
            name: None,
            predicates: Vec::new(),
            occurs: Vec::new(),
        };
        let is_last = |token: &Token| matches!(token, Token::Sign("," | ")"));
        if known.is_named
            && matches!(self.peek(), Token::Word(_) | Token::Quoted(_))
            && self
                .tokens
                .get(self.next + 1)
                .is_some_and(|after| is_last(&after.token))
        {
            happened.name = Some(self.name("the name of an event")?.0);
            if *self.peek() != Token::Sign(")") {
                self.expect_sign(",")?;
            }
        }
        while !self.take_sign(")") {
            let (name, at) = self.name("a property or \")\"")?;
            self.count_condition(&at)?;
            let property = known.property(&name);
            let kind = property.map_err(|problem| FilterError::at(at, problem))?;
            let test = self.test(&name, kind)?;
            happened.predicates.push(Predicate { name, test });
            if *self.peek() != Token::Sign(")") {
                self.expect_sign(",")?;
            }
        }
        Ok(happened)
    }

    pub(super) fn test(&mut self, name: &str, kind: FieldKind) -> Parsed<Test> {
        let at = self.place();
        let test = self.any_test(kind)?;
        test.check(name, kind).map_err(|problem| {
            FilterError::at(at.start..self.tokens[self.next - 1].at.end, problem)
        })?;
        Ok(test)
    }

    fn any_test(&mut self, kind: FieldKind) -> Parsed<Test> {
        if self.take_keyword("not") {
            if self.take_keyword("in") {
                return self.list(kind).map(Test::IsNot);
            }
            if self.take_keyword("contains") {
                return Ok(Test::ContainsNot(self.short_text()?));
            }
            if self.take_keyword("like") {
                return Ok(Test::LikeNot(self.short_text()?));
            }
            return Err(self.unexpected("in, contains or like"));
        }
        if self.take_keyword("in") {
            return self.list(kind).map(Test::Is);
        }
        if self.take_keyword("contains") {
            return Ok(Test::Contains(self.short_text()?));
        }
        if self.take_keyword("like") {
            return Ok(Test::Like(self.short_text()?));
        }
        if self.take_keyword("exists") {
            return Ok(Test::Exists);
        }
        if self.take_keyword("missing") {
            return Ok(Test::Missing);
        }
        if self.take_keyword("from") {
            let from = self.operand(kind)?;
            if !self.take_keyword("to") {
                return Err(self.unexpected("to"));
            }
            return Ok(Test::Between(from, self.operand(kind)?));
        }
        if kind == FieldKind::Time && self.take_keyword("last") {
            return self.last_steps();
        }
        if self.take_sign("=") {
            return Ok(Test::Is(vec![self.operand(kind)?]));
        }
        if self.take_sign("!=") {
            return Ok(Test::IsNot(vec![self.operand(kind)?]));
        }
        let comparison = match self.peek() {
            Token::Sign(sign) => Comparison::from_sign(sign),
            _ => None,
        };
        let Some(comparison) = comparison else {
            return Err(self.unexpected(
                "=, !=, <, <=, >, >=, in, not in, contains, like, from, exists or missing",
            ));
        };
        self.take();
        Ok(Test::Compare(comparison, self.operand(kind)?))
    }

    /// `last 6 weeks`
    fn last_steps(&mut self) -> Parsed<Test> {
        let at = self.place();
        let amount = self.value_text()?.0.parse::<i32>().ok();
        let step = Step::parse(&self.value_text()?.0);
        match (amount, step) {
            (Some(amount), Some(step)) if amount > 0 => Ok(Test::Compare(
                Comparison::AtLeast,
                Operand::Time(When::relative(-amount, step, None)),
            )),
            _ => Err(FilterError::at(
                at,
                Problem::new("expected a number and a unit: last 6 weeks"),
            )),
        }
    }

    fn list(&mut self, kind: FieldKind) -> Parsed<Vec<Operand>> {
        self.expect_sign("(")?;
        let mut found = Vec::new();
        loop {
            if found.len() == MAX_LIST {
                let problem = Problem::new(format!("a list may have {MAX_LIST} values"));
                return Err(FilterError::at(self.place(), problem));
            }
            found.push(self.operand(kind)?);
            if self.take_sign(")") {
                return Ok(found);
            }
            self.expect_sign(",")?;
        }
    }

    pub(super) fn operand(&mut self, kind: FieldKind) -> Parsed<Operand> {
        let at = self.place();
        let (text, is_quoted) = self.value_text()?;
        Operand::parse(&text, is_quoted, kind).map_err(|problem| FilterError::at(at, problem))
    }

    fn short_text(&mut self) -> Parsed<String> {
        match self.operand(FieldKind::Text)? {
            Operand::Text(text) => Ok(text),
            Operand::Flag(_) | Operand::Number(_) | Operand::Time(_) => {
                Err(self.unexpected("a text"))
            }
        }
    }

    /// A word or a quoted text, which is said by the flag.
    pub(super) fn value_text(&mut self) -> Parsed<(String, bool)> {
        match self.peek() {
            Token::Word(_) | Token::Quoted(_) => match self.take().token {
                Token::Word(text) => Ok((text, false)),
                Token::Quoted(text) => Ok((text, true)),
                Token::Sign(_) | Token::End => Err(self.unexpected("a value")),
            },
            Token::Sign(_) | Token::End => Err(self.unexpected("a value")),
        }
    }
}

fn alone_or(mut found: Vec<Filter>, make: fn(Vec<Filter>) -> Filter) -> Filter {
    match found.len() {
        1 => found.remove(0),
        _ => make(found),
    }
}

fn named_cohort(name: String, at: Range<usize>) -> Parsed<Filter> {
    let checked = check_cohort_name(&name);
    checked.map_err(|problem| FilterError::at(at, problem))?;
    Ok(Filter::CohortNamed(name))
}

pub(super) fn check_cohort_name(name: &str) -> Result<(), Problem> {
    match name.trim().is_empty() || name.len() > super::MAX_OPERAND_BYTES {
        true => Err(Problem::new("expected the name or the number of a cohort")),
        false => Ok(()),
    }
}

fn negate_if(is_not: bool, filter: Filter) -> Filter {
    if is_not {
        Filter::Not(Box::new(filter))
    } else {
        filter
    }
}

pub(super) fn whole_number(operand: &Operand) -> Result<u64, Problem> {
    match operand {
        Operand::Number(number) if *number >= 0.0 && *number <= 1e15 && number.fract() == 0.0 => {
            Ok(*number as u64)
        }
        _ => Err(Problem::new("expected a whole number")),
    }
}

impl Phrase {
    /// # Errors
    /// When there is no word in it, or too many.
    pub fn parse(text: String) -> Result<Self, Problem> {
        const MAX_WORDS: usize = 32;
        let words = crate::text::words(&text).count();
        if words == 0 {
            return Err(Problem::new("expected at least one word to look for"));
        }
        if words > MAX_WORDS || text.len() > super::MAX_OPERAND_BYTES {
            return Err(Problem::new(format!("at most {MAX_WORDS} words in a row")));
        }
        Ok(Self { text })
    }
}

impl Test {
    /// # Errors
    /// When it makes no sense for values of this kind.
    pub fn check(&self, name: &str, kind: FieldKind) -> Result<(), Problem> {
        let fail = |message: String| Err(Problem::new(message));
        match self {
            Self::Compare(_, operand) => check_ordered(name, kind, operand),
            Self::Between(from, to) => {
                check_ordered(name, kind, from)?;
                check_ordered(name, kind, to)?;
                let is_wrong = match (from, to) {
                    (Operand::Number(from), Operand::Number(to)) => from > to,
                    (Operand::Time(When::At(from)), Operand::Time(When::At(to))) => from > to,
                    (Operand::Time(When::Day(from)), Operand::Time(When::Day(to))) => from > to,
                    _ => false,
                };
                match is_wrong {
                    true => fail("the range ends before it begins".to_owned()),
                    false => Ok(()),
                }
            }
            Self::Contains(_) | Self::ContainsNot(_) | Self::Like(_) | Self::LikeNot(_) => {
                match kind {
                    FieldKind::Text | FieldKind::Open => Ok(()),
                    FieldKind::Number(_) | FieldKind::Time | FieldKind::Flag => {
                        fail(format!("{name} is not a text"))
                    }
                }
            }
            Self::Is(_) | Self::IsNot(_) | Self::Exists | Self::Missing => Ok(()),
        }
    }
}

fn check_ordered(name: &str, kind: FieldKind, operand: &Operand) -> Result<(), Problem> {
    match (kind, operand) {
        (FieldKind::Text, _) => Err(Problem::new(format!(
            "{name} is a text, which has no order; use =, in, contains or like"
        ))),
        (FieldKind::Flag, _) => Err(Problem::new(format!("{name} is true or false; use ="))),
        (_, Operand::Number(_) | Operand::Time(_)) => Ok(()),
        (_, Operand::Text(_) | Operand::Flag(_)) => {
            Err(Problem::new("expected a number to compare with"))
        }
    }
}
