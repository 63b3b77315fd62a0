//! The JSON form, for programs and forms.

use super::fields::{FieldKind, Happening, Origin, Unit, field, happening};
use super::occurs::{any_number, check_factor, check_time, sum_kind};
use super::parser::whole_number;
use super::{
    Comparison, Filter, FilterError, Happened, MAX_CONDITIONS, MAX_DEPTH, MAX_LIST,
    MAX_OPERAND_BYTES, Occurs, Operand, Periods, Phrase, Predicate, Problem, Step, Test,
};
use serde_json::{Map, Value, json};

pub fn read(value: &Value) -> Result<Filter, FilterError> {
    let mut conditions = 0;
    if value
        .get("all")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        return Ok(Filter::everything());
    }
    read_filter(value, 0, &mut conditions)
}

fn wrong(message: impl Into<String>) -> FilterError {
    problem(Problem::new(message))
}

fn problem(problem: Problem) -> FilterError {
    FilterError {
        pointer: Some(String::new()),
        ..FilterError::at(0..0, problem)
    }
}

/// Adds the way to where it was found.
fn inside<T>(
    step: impl std::fmt::Display,
    result: Result<T, FilterError>,
) -> Result<T, FilterError> {
    result.map_err(|error| FilterError {
        pointer: Some(format!("/{step}{}", error.pointer.unwrap_or_default())),
        ..error
    })
}

fn read_filter(value: &Value, depth: usize, conditions: &mut usize) -> Result<Filter, FilterError> {
    if depth > MAX_DEPTH {
        return Err(wrong(format!("conditions may be nested {MAX_DEPTH} deep")));
    }
    let object = value
        .as_object()
        .ok_or_else(|| wrong("expected an object"))?;
    let mut list = |name: &str| {
        let items = array(object, name)?;
        if items.is_empty() {
            return inside(name, Err(wrong("expected at least one condition")));
        }
        let mut found = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let read = read_filter(item, depth + 1, conditions);
            found.push(inside(name, inside(at, read))?);
        }
        Ok(found)
    };
    if object.contains_key("all") {
        let mut found = list("all")?;
        return Ok(if found.len() == 1 {
            found.remove(0)
        } else {
            Filter::All(found)
        });
    }
    if object.contains_key("any") {
        let mut found = list("any")?;
        return Ok(if found.len() == 1 {
            found.remove(0)
        } else {
            Filter::Any(found)
        });
    }
    if let Some(inner) = object.get("not") {
        let inner = inside("not", read_filter(inner, depth + 1, conditions))?;
        return Ok(Filter::Not(Box::new(inner)));
    }
    count(conditions)?;
    if let Some(name) = text(object, "field")? {
        let known = inside("field", field(name).map_err(problem))?;
        if matches!(known.origin, Origin::Screen | Origin::Cohort) {
            return Err(wrong(format!("write {{\"{name}\": ...}} for this field")));
        }
        let test = read_test(object, name, known.kind)?;
        let name = name.to_owned();
        return Ok(Filter::Field(Predicate { name, test }));
    }
    if let Some(kind) = text(object, "happened")? {
        return read_happened(object, kind, conditions).map(Filter::Happened);
    }
    if let Some(phrase) = text(object, "text")? {
        let phrase = Phrase::parse(phrase.to_owned()).map_err(problem);
        return inside("text", phrase).map(Filter::Screen);
    }
    if let Some(id) = object.get("cohort") {
        if let Some(name) = id.as_str() {
            let name = super::parser::check_cohort_name(name).map(|()| name.to_owned());
            return inside("cohort", name.map_err(problem)).map(Filter::CohortNamed);
        }
        let id = id
            .as_i64()
            .ok_or_else(|| wrong("expected the name or the number of a cohort"));
        return inside("cohort", id).map(Filter::Cohort);
    }
    Err(wrong(
        "expected one of all, any, not, field, happened, text, cohort",
    ))
}

fn count(conditions: &mut usize) -> Result<(), FilterError> {
    *conditions += 1;
    if *conditions <= MAX_CONDITIONS {
        return Ok(());
    }
    Err(wrong(format!(
        "a filter may have {MAX_CONDITIONS} conditions"
    )))
}

fn array<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], FilterError> {
    match object.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => inside(name, Err(wrong("expected a list"))),
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, FilterError> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => inside(name, Err(wrong("expected a text"))),
    }
}

fn read_happened(
    object: &Map<String, Value>,
    kind: &str,
    conditions: &mut usize,
) -> Result<Happened, FilterError> {
    let known = inside("happened", happening(kind).map_err(problem))?;
    let name = text(object, "name")?.map(str::to_owned);
    if name.is_some() && !known.is_named {
        return inside("name", Err(wrong(format!("a {kind} has no name"))));
    }
    let mut predicates = Vec::new();
    for (at, item) in array(object, "where")?.iter().enumerate() {
        let read = (|| {
            count(conditions)?;
            let object = item
                .as_object()
                .ok_or_else(|| wrong("expected an object"))?;
            let name = text(object, "property")?.ok_or_else(|| wrong("expected a property"))?;
            let kind = inside("property", known.property(name).map_err(problem))?;
            let test = read_test(object, name, kind)?;
            let name = name.to_owned();
            Ok(Predicate { name, test })
        })();
        predicates.push(inside("where", inside(at, read))?);
    }
    let mut occurs = Vec::new();
    for (at, item) in array(object, "occurs")?.iter().enumerate() {
        count(conditions)?;
        occurs.push(inside(
            "occurs",
            inside(at, read_occurs(item, known, conditions)),
        )?);
    }
    Ok(Happened {
        kind: kind.to_owned(),
        name,
        predicates,
        occurs,
    })
}

fn read_occurs(
    item: &Value,
    known: &Happening,
    conditions: &mut usize,
) -> Result<Occurs, FilterError> {
    let object = item
        .as_object()
        .ok_or_else(|| wrong("expected an object"))?;
    if let Some(test) = object.get("at") {
        let test = (|| {
            let test = test
                .as_object()
                .ok_or_else(|| wrong("expected an object"))?;
            let test = read_test(test, "at", FieldKind::Time)?;
            check_time(&test).map_err(problem)?;
            Ok(test)
        })();
        return inside("at", test).map(Occurs::At);
    }
    for (name, period) in Periods::NAMES {
        if let Some(sign) = text(object, name)? {
            return read_periods(object, name, period, sign);
        }
    }
    let names = ["count", "first", "last", "nth", "sum", "distinct"];
    for name in names {
        let Some(sign) = text(object, name)? else {
            continue;
        };
        let comparison =
            Comparison::from_sign(sign).ok_or_else(|| wrong("expected =, <, <=, > or >="));
        let comparison = inside(name, comparison)?;
        let number = |field: &str, kind| read_operand(object, field, kind);
        let whole = |field: &str, unit| {
            let operand = number(field, FieldKind::Number(unit))?;
            inside(field, whole_number(&operand).map_err(problem))
        };
        let property = || text(object, "property")?.ok_or_else(|| wrong("expected a property"));
        return match name {
            "count" if object.contains_key("of") => {
                let factor = match object.get("factor") {
                    None => Ok(1.0),
                    Some(_) => {
                        let operand = number("factor", FieldKind::Number(Unit::Plain))?;
                        let factor = any_number(&operand).and_then(check_factor);
                        inside("factor", factor.map_err(problem))
                    }
                };
                let other = read_other(object, conditions)?;
                Ok(Occurs::Relative(comparison, factor?, Box::new(other)))
            }
            "count" => Ok(Occurs::Count(comparison, whole("times", Unit::Plain)?)),
            "first" => Ok(Occurs::First(
                comparison,
                whole("after", Unit::Milliseconds)?,
            )),
            "last" => Ok(Occurs::Last(
                comparison,
                whole("after", Unit::Milliseconds)?,
            )),
            "nth" => Ok(Occurs::Nth(comparison, whole("number", Unit::Plain)?)),
            "sum" => {
                let property = property()?;
                let kind = inside("property", sum_kind(known, property).map_err(problem))?;
                let sum = any_number(&number("value", kind)?).map_err(problem);
                Ok(Occurs::Sum(
                    property.to_owned(),
                    comparison,
                    inside("value", sum)?,
                ))
            }
            _ => {
                let property = property()?;
                inside("property", known.property(property).map_err(problem))?;
                let many = whole("times", Unit::Plain)?;
                Ok(Occurs::Distinct(property.to_owned(), comparison, many))
            }
        };
    }
    Err(wrong(
        "expected one of count, first, last, sum, distinct, days, weeks, months, nth, at",
    ))
}

fn read_periods(
    object: &Map<String, Value>,
    name: &str,
    period: Step,
    sign: &str,
) -> Result<Occurs, FilterError> {
    let compared = |object: &Map<String, Value>, name: &str, sign: &str| {
        let comparison =
            Comparison::from_sign(sign).ok_or_else(|| wrong("expected =, <, <=, > or >="));
        let comparison = inside(name, comparison)?;
        let times = read_operand(object, "times", FieldKind::Number(Unit::Plain))?;
        let times = inside("times", whole_number(&times).map_err(problem))?;
        Ok((comparison, times))
    };
    let each = match object.get("each") {
        None => Periods::ANY,
        Some(each) => {
            let read = (|| {
                let each = each
                    .as_object()
                    .ok_or_else(|| wrong("expected an object"))?;
                let sign = text(each, "count")?.ok_or_else(|| wrong("expected a count"))?;
                compared(each, "count", sign)
            })();
            inside("each", read)?
        }
    };
    let (comparison, number) = compared(object, name, sign)?;
    Ok(Occurs::Periods(Periods {
        period,
        each,
        comparison,
        number,
    }))
}

/// What a count is compared with.
fn read_other(
    object: &Map<String, Value>,
    conditions: &mut usize,
) -> Result<Happened, FilterError> {
    let read = (|| {
        count(conditions)?;
        let other = object.get("of").and_then(Value::as_object);
        let other = other.ok_or_else(|| wrong("expected an object"))?;
        if other.contains_key("occurs") {
            return inside("occurs", Err(wrong("only what is counted may have this")));
        }
        let kind = text(other, "happened")?;
        let kind = kind.ok_or_else(|| wrong("expected what happened"))?;
        read_happened(other, kind, conditions)
    })();
    inside("of", read)
}

fn read_test(
    object: &Map<String, Value>,
    name: &str,
    kind: FieldKind,
) -> Result<Test, FilterError> {
    let op = text(object, "op")?.ok_or_else(|| wrong("expected an op"))?;
    let short = |name| {
        let found = read_operand(object, name, FieldKind::Text)?;
        match found {
            Operand::Text(text) => Ok(text),
            Operand::Flag(_) | Operand::Number(_) | Operand::Time(_) => {
                inside(name, Err(wrong("expected a text")))
            }
        }
    };
    let test = match op {
        "=" => Test::Is(vec![read_operand(object, "value", kind)?]),
        "!=" => Test::IsNot(vec![read_operand(object, "value", kind)?]),
        "in" => Test::Is(read_list(object, kind)?),
        "not in" => Test::IsNot(read_list(object, kind)?),
        "contains" => Test::Contains(short("value")?),
        "not contains" => Test::ContainsNot(short("value")?),
        "like" => Test::Like(short("value")?),
        "not like" => Test::LikeNot(short("value")?),
        "exists" => Test::Exists,
        "missing" => Test::Missing,
        "from" => Test::Between(
            read_operand(object, "value", kind)?,
            read_operand(object, "to", kind)?,
        ),
        sign => {
            let comparison = Comparison::from_sign(sign).ok_or_else(|| {
                wrong("expected =, !=, <, <=, >, >=, in, not in, contains, not contains, like, not like, from, exists or missing")
            });
            Test::Compare(
                inside("op", comparison)?,
                read_operand(object, "value", kind)?,
            )
        }
    };
    test.check(name, kind).map_err(problem)?;
    Ok(test)
}

fn read_list(object: &Map<String, Value>, kind: FieldKind) -> Result<Vec<Operand>, FilterError> {
    let items = array(object, "values")?;
    if items.is_empty() || items.len() > MAX_LIST {
        return inside(
            "values",
            Err(wrong(format!("expected 1 to {MAX_LIST} values"))),
        );
    }
    let operands = items.iter().enumerate();
    operands
        .map(|(at, item)| inside("values", inside(at, operand_of(item, kind))))
        .collect()
}

fn read_operand(
    object: &Map<String, Value>,
    name: &str,
    kind: FieldKind,
) -> Result<Operand, FilterError> {
    let value = object.get(name).unwrap_or(&Value::Null);
    inside(name, operand_of(value, kind))
}

fn operand_of(value: &Value, kind: FieldKind) -> Result<Operand, FilterError> {
    match (value, kind) {
        (Value::Bool(flag), FieldKind::Flag | FieldKind::Open) => Ok(Operand::Flag(*flag)),
        (Value::Number(number), FieldKind::Number(_) | FieldKind::Open) => {
            let number = number.as_f64().filter(|number| number.is_finite());
            let number = number.ok_or_else(|| wrong("this number is too large"))?;
            if number < 0.0 && matches!(kind, FieldKind::Number(unit) if unit != Unit::Plain) {
                return Err(wrong("expected a number from 0"));
            }
            Ok(Operand::Number(number + 0.0))
        }
        (Value::Number(number), FieldKind::Time) => {
            Operand::parse(&number.to_string(), false, kind).map_err(problem)
        }
        (Value::String(text), FieldKind::Text | FieldKind::Open) => {
            if text.len() > MAX_OPERAND_BYTES {
                return Err(wrong(format!("a value may have {MAX_OPERAND_BYTES} bytes")));
            }
            Ok(Operand::Text(text.clone()))
        }
        (Value::String(text), FieldKind::Number(_) | FieldKind::Time | FieldKind::Flag) => {
            Operand::parse(text, true, kind).map_err(problem)
        }
        (_, kind) => Err(wrong(match kind {
            FieldKind::Text => "expected a text",
            FieldKind::Number(_) => "expected a number",
            FieldKind::Time => "expected a time",
            FieldKind::Flag => "expected true or false",
            FieldKind::Open => "expected a text, a number, true or false",
        })),
    }
}

pub fn write(filter: &Filter) -> Value {
    match filter {
        Filter::All(filters) => json!({ "all": filters.iter().map(write).collect::<Vec<_>>() }),
        Filter::Any(filters) => json!({ "any": filters.iter().map(write).collect::<Vec<_>>() }),
        Filter::Not(inner) => json!({ "not": write(inner) }),
        Filter::Field(predicate) => write_predicate("field", predicate),
        Filter::Happened(happened) => write_happened(happened),
        Filter::Screen(phrase) => json!({ "text": phrase.text }),
        Filter::Cohort(id) => json!({ "cohort": id }),
        Filter::CohortNamed(name) => json!({ "cohort": name }),
    }
}

fn write_happened(happened: &Happened) -> Value {
    let mut written = json!({ "happened": happened.kind });
    if let Some(name) = &happened.name {
        written["name"] = json!(name);
    }
    if !happened.predicates.is_empty() {
        let predicates = happened.predicates.iter();
        let predicates = predicates.map(|predicate| write_predicate("property", predicate));
        written["where"] = predicates.collect();
    }
    if !happened.occurs.is_empty() {
        let occurs = happened.occurs.iter().map(write_occurs);
        written["occurs"] = occurs.collect();
    }
    written
}

fn write_occurs(occurs: &Occurs) -> Value {
    match occurs {
        Occurs::Count(sign, times) => json!({ "count": sign.sign(), "times": times }),
        Occurs::First(sign, ms) => json!({ "first": sign.sign(), "after": ms }),
        Occurs::Last(sign, ms) => json!({ "last": sign.sign(), "after": ms }),
        Occurs::Nth(sign, number) => json!({ "nth": sign.sign(), "number": number }),
        Occurs::Sum(name, sign, limit) => {
            let limit = write_operand(&Operand::Number(*limit));
            json!({ "sum": sign.sign(), "property": name, "value": limit })
        }
        Occurs::Distinct(name, sign, many) => {
            json!({ "distinct": sign.sign(), "property": name, "times": many })
        }
        Occurs::Periods(periods) => {
            let sign = periods.comparison.sign();
            let mut written = json!({ periods.name(): sign, "times": periods.number });
            if periods.each != Periods::ANY {
                let (sign, times) = periods.each;
                written["each"] = json!({ "count": sign.sign(), "times": times });
            }
            written
        }
        Occurs::Relative(sign, factor, other) => {
            let mut written = json!({ "count": sign.sign(), "of": write_happened(other) });
            if *factor != 1.0 {
                written["factor"] = write_operand(&Operand::Number(*factor));
            }
            written
        }
        Occurs::At(test) => {
            let mut written = Map::new();
            write_test(&mut written, test);
            json!({ "at": written })
        }
    }
}

fn write_predicate(key: &str, predicate: &Predicate) -> Value {
    let mut written = Map::new();
    written.insert(key.to_owned(), json!(predicate.name));
    write_test(&mut written, &predicate.test);
    Value::Object(written)
}

fn write_test(written: &mut Map<String, Value>, test: &Test) {
    let mut put = |name: &str, value: Value| {
        written.insert(name.to_owned(), value);
    };
    let list = |operands: &[Operand]| operands.iter().map(write_operand).collect::<Value>();
    match test {
        Test::Is(operands) | Test::IsNot(operands) => {
            let is_not = matches!(test, Test::IsNot(_));
            match &operands[..] {
                [one] => {
                    put("op", json!(if is_not { "!=" } else { "=" }));
                    put("value", write_operand(one));
                }
                many => {
                    put("op", json!(if is_not { "not in" } else { "in" }));
                    put("values", list(many));
                }
            }
        }
        Test::Compare(comparison, operand) => {
            put("op", json!(comparison.sign()));
            put("value", write_operand(operand));
        }
        Test::Between(from, to) => {
            put("op", json!("from"));
            put("value", write_operand(from));
            put("to", write_operand(to));
        }
        Test::Contains(text) => {
            put("op", json!("contains"));
            put("value", json!(text));
        }
        Test::ContainsNot(text) => {
            put("op", json!("not contains"));
            put("value", json!(text));
        }
        Test::Like(text) => {
            put("op", json!("like"));
            put("value", json!(text));
        }
        Test::LikeNot(text) => {
            put("op", json!("not like"));
            put("value", json!(text));
        }
        Test::Exists => put("op", json!("exists")),
        Test::Missing => put("op", json!("missing")),
    }
}

fn write_operand(operand: &Operand) -> Value {
    match operand {
        Operand::Flag(flag) => json!(flag),
        Operand::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            json!(*number as i64)
        }
        Operand::Number(number) => json!(number),
        Operand::Text(text) => json!(text),
        Operand::Time(when) => json!(when.to_string()),
    }
}
