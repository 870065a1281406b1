//! The messages of a service of `Type=notify` to systemd, over a real socket.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::process::{Running, program};
use crate::server::{Answer, Server};

fn heard(socket: &UnixDatagram) -> String {
    let mut text = [0; 4096];
    let length = socket.recv(&mut text).expect("news before the time is over");
    String::from_utf8_lossy(&text[..length]).into_owned()
}

fn started(name: &str, environment: &[(&str, &str)]) -> Running {
    let variables = [&[("NOTIFY_SOCKET", name)], environment].concat();
    let mut command = program();
    command.args(["demo", "--web.listen-address", "127.0.0.1:0"]).envs(variables);
    Running::of(command)
}

#[test]
fn it_is_ready_when_it_listens_alive_while_it_polls_and_says_that_it_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("notify");
    let socket = UnixDatagram::bind(&name).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let mut exporter = started(name.to_str().expect("a path"), &[("WATCHDOG_USEC", "200000")]);
    let address = exporter.address();
    let mut words = vec![heard(&socket), heard(&socket)];
    words.sort();
    assert_eq!(words, ["READY=1", "WATCHDOG=1"]);
    assert!(std::net::TcpStream::connect(address).is_ok(), "ready means that it listens");
    for _ in 0..3 {
        assert_eq!(heard(&socket), "WATCHDOG=1");
    }
    exporter.signal("TERM");
    let last = std::iter::repeat_with(|| heard(&socket)).find(|word| word != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
    assert!(exporter.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_told_with_its_time_and_again_when_it_has_ended_also_badly() {
    let folder = tempfile::tempdir().expect("a folder");
    let azure = Server::start(vec![Answer::Stall]).await;
    let text = format!(
        "azure: {{endpoint: \"{}\", auth: {{method: token, token: x}}}}\nscopes: [{{department: \"1\"}}]\n",
        azure.endpoint
    );
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, &text).expect("the file can be written");
    let name = folder.path().join("notify");
    let socket = UnixDatagram::bind(&name).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let mut command = program();
    command.args(["serve", "--web.listen-address", "127.0.0.1:0", "--config.file"]).arg(&file);
    command.env("NOTIFY_SOCKET", &name);
    let mut exporter = Running::of(command);
    assert_eq!(heard(&socket), "READY=1");
    let mut before = 0;
    for (text, told) in [(text.as_str(), "was read again"), ("", "stays as it was")] {
        std::fs::write(&file, text).expect("the file can be written");
        exporter.signal("HUP");
        let reloading = heard(&socket);
        let micros = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("a reload");
        let micros: u64 = micros.parse().expect("a time");
        assert!(micros > before);
        before = micros;
        assert_eq!(heard(&socket), "READY=1");
        exporter.line_with(told);
    }
    exporter.signal("TERM");
    assert_eq!(heard(&socket), "STOPPING=1");
    assert!(exporter.end().success());
}

#[test]
fn a_watchdog_of_another_process_gets_no_sign_of_life() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    // A name outside the file system, like systemd's own in containers.
    let name = format!("azure-billing-exporter-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let environment = [("WATCHDOG_USEC", "10000"), ("WATCHDOG_PID", "1")];
    let mut exporter = started(&format!("@{name}"), &environment);
    exporter.line_with("msg=read");
    exporter.signal("TERM");
    assert_eq!([heard(&socket), heard(&socket)], ["READY=1", "STOPPING=1"]);
    assert!(exporter.end().success());
}
