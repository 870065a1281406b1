//! The `azure-billing-exporter` program: see the library for its modules.

use std::process::ExitCode;

use azure_billing_exporter::{cli, commands};

fn main() -> ExitCode {
    commands::run(cli::parse())
}
