//! Tests through the public functions: text in, configuration or error text out.

mod budgets;
mod certificates;
mod credentials;
mod documentation;
mod documented_values;
mod left_around;
mod metrics;
mod secrets;
mod values;
mod wrong;

use super::{Config, Error};

/// The shortest valid file.
const SHORTEST: &str = "scopes: [{department: 1234}]\n";

fn load_with(yaml: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    Config::from_yaml(yaml, &variables.iter().copied().collect())
}

fn load(yaml: &str) -> Result<Config, Error> {
    load_with(yaml, &[])
}

/// Returns the error text, or panics if there is none.
fn complaint(yaml: &str) -> String {
    match load(yaml) {
        Ok(config) => panic!("accepted: {config:?}\n{yaml}"),
        Err(error) => error.to_string(),
    }
}
