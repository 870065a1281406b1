//! The shape of sums, on which the meaning of their bytes depends: bytes that were written with
//! other columns or tables can be read as well, and then mean something else.

use ring::digest::{SHA256, digest};

use super::column::Column;
use super::families::Tables;

/// Returns a digest of the columns and tables. It is stored beside sums, which are read only where
/// it is the same.
pub(crate) fn shape() -> String {
    let digest = digest(&SHA256, described().join("\n").as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns each column, with its form, and each table, in order.
fn described() -> Vec<String> {
    let columns = Column::ALL.map(|column| format!("{} {:?}", column.name(), column.form()));
    [columns.to_vec(), Tables::shapes()].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn it_has_every_column_and_every_table_that_is_stored() {
        let described = described();
        assert_eq!(described[Column::Department as usize], "department Name");
        assert_eq!(described[Column::COUNT], "instance_cost 5 Open");
        let Value::Object(mut stored) = serde_json::to_value(Tables::default()).unwrap() else {
            panic!("tables are a map");
        };
        // The one table that is in no list.
        assert!(stored.remove("charge_lines").is_some());
        let tables: Vec<&str> =
            described[Column::COUNT..].iter().map(|it| it.split(' ').next().unwrap()).collect();
        assert_eq!(tables.len(), stored.len());
        assert!(tables.iter().all(|table| stored.contains_key(*table)), "{tables:?} {stored:?}");
    }
}
