//! Through the front door: text in, configuration or error text out.

mod budgets;
mod certificates;
mod credentials;
mod documentation;
mod metrics;
mod secrets;
mod values;
mod web;
mod wrong;

use std::path::Path;

use super::error::Problems;
use super::{Config, Environment, Error};

/// The shortest file there is.
const SHORTEST: &str = "scopes: [{department: 1234}]\n";

fn load_with(yaml: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let environment: Environment = variables.iter().copied().collect();
    let mut problems = Problems::in_file("config.yaml".to_owned());
    let config = Config::from_text(yaml, Path::new(""), &environment, &mut problems);
    problems.finish(config)
}

fn load(yaml: &str) -> Result<Config, Error> {
    load_with(yaml, &[])
}

/// The error text, or a failure when there is none.
fn complaint(yaml: &str) -> String {
    match load(yaml) {
        Ok(config) => panic!("accepted: {config:?}\n{yaml}"),
        Err(error) => error.to_string(),
    }
}
