//! The text form, written.

use super::fields::{FieldKind, field, happening};
use super::operand::print_text;
use super::{Filter, Happened, Operand, Predicate, Test};

pub fn print(filter: &Filter) -> String {
    match filter {
        Filter::All(filters) => join(filters, " and "),
        Filter::Any(filters) => join(filters, " or "),
        Filter::Not(inner) => format!("not {}", nested(inner)),
        Filter::Field(predicate) => {
            let kind = field(&predicate.name).map_or(FieldKind::Open, |field| field.kind);
            print_predicate(predicate, kind)
        }
        Filter::Happened(happened) => print_happened(happened),
        Filter::Screen(phrase) => format!("text = {}", print_text(&phrase.text, false)),
        Filter::Cohort(id) => format!("cohort = {id}"),
        Filter::CohortNamed(name) => format!("cohort({})", print_text(name, false)),
    }
}

fn join(filters: &[Filter], between: &str) -> String {
    filters.iter().map(nested).collect::<Vec<_>>().join(between)
}

fn nested(filter: &Filter) -> String {
    match filter {
        Filter::All(_) | Filter::Any(_) => format!("({})", print(filter)),
        Filter::Not(_)
        | Filter::Field(_)
        | Filter::Happened(_)
        | Filter::Screen(_)
        | Filter::Cohort(_)
        | Filter::CohortNamed(_) => print(filter),
    }
}

pub(super) fn print_happened(happened: &Happened) -> String {
    let known = happening(&happened.kind).ok();
    let name = happened.name.iter().map(|name| print_text(name, false));
    let predicates = happened.predicates.iter().map(|predicate| {
        let kind = known.and_then(|known| known.property(&predicate.name).ok());
        print_predicate(predicate, kind.unwrap_or(FieldKind::Open))
    });
    let inside: Vec<_> = name.chain(predicates).collect();
    let mut text = format!("{}({})", happened.kind, inside.join(", "));
    for occurs in &happened.occurs {
        text.push(' ');
        text.push_str(&super::occurs::print(occurs, happened));
    }
    text
}

fn print_predicate(predicate: &Predicate, kind: FieldKind) -> String {
    print_test(&print_text(&predicate.name, false), &predicate.test, kind)
}

/// Of something that is already written as it must be.
pub(super) fn print_test(name: &str, test: &Test, kind: FieldKind) -> String {
    let list = |operands: &[Operand]| {
        let texts: Vec<_> = operands.iter().map(|operand| operand.print(kind)).collect();
        texts.join(", ")
    };
    match test {
        Test::Is(operands) if operands.len() == 1 => format!("{name} = {}", list(operands)),
        Test::IsNot(operands) if operands.len() == 1 => format!("{name} != {}", list(operands)),
        Test::Is(operands) => format!("{name} in ({})", list(operands)),
        Test::IsNot(operands) => format!("{name} not in ({})", list(operands)),
        Test::Compare(comparison, operand) => {
            format!("{name} {} {}", comparison.sign(), operand.print(kind))
        }
        Test::Between(from, to) => {
            format!("{name} from {} to {}", from.print(kind), to.print(kind))
        }
        Test::Contains(text) => format!("{name} contains {}", print_text(text, false)),
        Test::ContainsNot(text) => format!("{name} not contains {}", print_text(text, false)),
        Test::Like(text) => format!("{name} like {}", print_text(text, false)),
        Test::LikeNot(text) => format!("{name} not like {}", print_text(text, false)),
        Test::Exists => format!("{name} exists"),
        Test::Missing => format!("{name} missing"),
    }
}
