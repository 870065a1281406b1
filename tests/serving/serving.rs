//! The program with a configuration of its own, a scripted Azure, and a web config.

use std::path::{Path, PathBuf};

use crate::clients::curl;
use crate::process::Running;
use crate::server::{Answer, Server};
use tempfile::TempDir;

/// The user of the tests and its password, as an `Authorization` header and for curl.
pub(crate) const USER: &str = "prometheus:planted-password";
/// Returns the hash of that password, at the lowest cost.
pub(crate) fn hash() -> String {
    bcrypt::hash("planted-password", 4).expect("a hash")
}

/// Returns rows in one page, as Azure sends them.
pub(crate) fn page(rows: &[serde_json::Value]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| serde_json::json!({"properties": row})).collect();
    serde_json::json!({"value": rows}).to_string()
}

/// Returns one row of today, with a name, a service and a cost.
pub(crate) fn row(name: &str, service: &str, cost: f64) -> serde_json::Value {
    let id = format!(
        "/subscriptions/0/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/{name}"
    );
    serde_json::json!({
        "date": "{{today}}", "cost": cost, "quantity": 1, "billingCurrency": "EUR", "unitOfMeasure": "1 Hour",
        "resourceId": id, "resourceName": name, "consumedService": service, "resourceLocation": "EUWest",
    })
}

/// A running exporter.
pub(crate) struct Serving {
    pub(crate) program: Running,
    pub(crate) address: String,
    /// Contains the web config and the files that it names.
    pub(crate) folder: TempDir,
    _azure: Server,
}

impl Serving {
    /// Serves what was read from one page, under a web config that may be empty.
    pub(crate) async fn start(page: &str, web: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        Self::in_folder(folder, page, web, &[]).await
    }

    /// Starts where certificates exist already, and with further flags.
    pub(crate) async fn in_folder(folder: TempDir, page: &str, web: &str, flags: &[&str]) -> Self {
        let azure = Server::start(vec![Answer::page(page)]).await;
        let file = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "azure:\n  endpoint: {}\n  auth: {{method: token, token: a-token}}\n  requests_per_minute: {{billing_account: 100, department: 100, enrollment_account: 100, subscription: 100}}\nscopes:\n  - {{billing_account: \"1\", name: contoso}}\n",
            azure.endpoint
        );
        std::fs::write(file("config.yaml"), config).expect("room for a file");
        write_web_config(folder.path(), web);
        let arguments = [
            "serve",
            "--log.level=trace",
            "--web.listen-address=127.0.0.1:0",
            "--config.file",
            &file("config.yaml"),
            "--web.config.file",
            &file("web.yaml"),
        ];
        let mut program = Running::start(&[&arguments, flags].concat());
        let address = program.address();
        // The open period and the previous one.
        for _ in 0..2 {
            let line = program.line_with("msg=read");
            assert_eq!(line.matches("scope=").count(), 1, "whose it is, told once: {line}");
        }
        Self { program, address, folder, _azure: azure }
    }

    /// Waits until the first poll has ended, where clients need no authorization.
    pub(crate) fn polled(self) -> Self {
        wait_until_polled(&self.address, &self.program);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes another web config, waits until the program logs its effect, and returns that line.
    pub(crate) fn change(&mut self, web: &str, told: &str) -> String {
        write_web_config(self.folder.path(), web);
        self.program.line_with(told)
    }
}

/// Waits until the first poll of every scope has ended.
pub(crate) fn wait_until_polled(address: &str, program: &Running) {
    let ready = format!("http://{address}/-/ready");
    for _ in 0..600 {
        if curl(&[&ready]).is_ok_and(|answer| answer.status == 200) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it never came to the end of its first poll: {:#?}", program.seen);
}

fn write_web_config(folder: &Path, web: &str) {
    std::fs::write(folder.join("web.yaml"), web).expect("room for a file");
}
