//! Many sets of parameters as one statement: an array for each parameter, and a row of `unnest` for each set.

use super::values::without_nul;
use crate::store::sql::{Kind, Value};
use tokio_postgres::types::{ToSql, Type};

/// A statement with `{each}` and `?1`, `?2`, … as one over arrays of so many parameters.
pub(super) fn of_arrays(sql: &str, width: usize) -> String {
    let numbers: Vec<String> = (1..=width).map(|number| number.to_string()).collect();
    let list = |before: &str| numbers.iter().map(|number| format!("{before}{number}")).collect::<Vec<_>>().join(", ");
    let each = format!("unnest({}) with ordinality as q({}, place)", list("$"), list("p"));
    sql.replace('?', "q.p").replace("{each}", &each).replace("{place}", "q.place - 1")
}

/// The parameters of all sets, by their numbers.
pub(super) fn arrays(sets: &[Vec<Value<'_>>]) -> Vec<(Box<dyn ToSql + Sync>, Type)> {
    let width = sets.first().map_or(0, Vec::len);
    (0..width).map(|column| array(sets, column)).collect()
}

fn array(sets: &[Vec<Value<'_>>], column: usize) -> (Box<dyn ToSql + Sync>, Type) {
    let values = sets.iter().map(|set| set.get(column));
    let kind = sets.first().and_then(|set| set.get(column)).map_or(Kind::Text, Value::kind);
    match kind {
        Kind::Int => {
            let int = |value: Option<&Value<'_>>| if let Some(Value::Int(int)) = value { Some(*int) } else { None };
            (Box::new(values.map(int).collect::<Vec<_>>()), Type::INT8_ARRAY)
        }
        Kind::Flag => {
            let flag = |value: Option<&Value<'_>>| if let Some(Value::Flag(flag)) = value { Some(*flag) } else { None };
            (Box::new(values.map(flag).collect::<Vec<_>>()), Type::BOOL_ARRAY)
        }
        Kind::Text => {
            let text = |value: Option<&Value<'_>>| match value {
                Some(Value::Text(text)) => Some(without_nul(text).into_owned()),
                _ => None,
            };
            (Box::new(values.map(text).collect::<Vec<_>>()), Type::TEXT_ARRAY)
        }
        Kind::Bytes => {
            let bytes = |value: Option<&Value<'_>>| match value {
                Some(Value::Bytes(bytes)) => Some(bytes.to_vec()),
                _ => None,
            };
            (Box::new(values.map(bytes).collect::<Vec<_>>()), Type::BYTEA_ARRAY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of_arrays;

    #[test]
    fn a_statement_for_each_set_becomes_one_over_arrays() {
        assert_eq!(
            of_arrays("{place}, a from {each} where id = ?1 and b = ?2", 2),
            "q.place - 1, a from unnest($1, $2) with ordinality as q(p1, p2, place) where id = q.p1 and b = q.p2"
        );
    }
}
