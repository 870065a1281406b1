//! The file of `state.path`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use azure_billing_exporter::store::Store;
use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};

use super::{Device, Place, device, in_bash, is_device, mode, names, pipe, text};
use crate::process::{Running, get};

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");

fn serve(place: &Place) -> Running {
    let (config, listen) = (place.config(), "127.0.0.1:0");
    Running::start(&["serve", "--config.file", &config, "--web.listen-address", listen])
}

/// Serves until the days are read, and ends in order. Returns the log.
fn serve_once(place: &Place) -> Vec<String> {
    let mut exporter = serve(place);
    let address = exporter.address();
    until_read(&address);
    exporter.signal("TERM");
    exporter.end();
    exporter.lines_to_the_end().to_vec()
}

fn until_read(address: &str) {
    for _ in 0..3000 {
        if get(address, "/metrics").1.contains("poll_success{scope=\"contoso\"} 1") {
            return;
        }
        thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("never read");
}

fn line<'a>(lines: &'a [String], text: &str) -> &'a str {
    let found: Vec<&String> = lines.iter().filter(|line| line.contains(text)).collect();
    assert_eq!(found.len(), 1, "told once: {lines:#?}");
    found[0]
}

/// Changes the format of a database to another number.
fn reformat(path: &Path, format: u32) {
    let database = Database::open(path).expect("a database");
    let writing = database.begin_write().expect("a transaction");
    writing.open_table(ABOUT).expect("a table").insert("format", format).expect("a place");
    writing.commit().expect("a commit");
}

fn format(path: &Path) -> u32 {
    let database = Database::open(path).expect("a database");
    let reading = database.begin_read().expect("a transaction");
    let about = reading.open_table(ABOUT).expect("a table");
    about.get("format").expect("a table").expect("a format").value()
}

#[test]
fn a_file_with_wider_rights_is_narrowed_and_told() {
    let place = Place::new();
    let folder = place.folder("state");
    let path = folder.join("state.redb");
    place.configure("state: {path: state/state.redb}\n");
    serve_once(&place);
    assert_eq!(mode(&path), 0o600, "whatever the umask");
    fs::set_permissions(&path, Permissions::from_mode(0o664)).expect("rights");
    let told = serve_once(&place);
    let told = line(&told, "now only its owner can");
    assert!(told.contains("mode=0664") && told.contains("level=WARN"), "{told}");
    assert!(told.contains(&text(&path)), "{told}");
    assert_eq!(mode(&path), 0o600);
    let told = serve_once(&place);
    assert!(!told.iter().any(|line| line.contains("now only its owner can")), "{told:#?}");
    assert_eq!(names(&folder).len(), 1);
}

#[test]
fn another_format_is_set_aside_under_a_free_name_and_its_days_stay() {
    let place = Place::new();
    let (folder, far) = (place.folder("state"), place.folder("far"));
    // Through a link, which stays.
    symlink("../far/state.redb", folder.join("link.redb")).expect("a link");
    place.configure("state: {path: state/link.redb}\n");
    let path = far.join("state.redb");
    serve_once(&place);
    let current = format(&path);
    let victim = place.path("victim");
    fs::write(&victim, "precious").expect("a file");
    symlink(&victim, far.join("state.redb.format-3.1")).expect("a link");
    for aside in ["state.redb.format-3", "state.redb.format-3.2"] {
        reformat(&path, 3);
        let node = fs::metadata(&path).expect("the file").ino();
        let told = serve_once(&place);
        let told = line(&told, "of another version of the exporter");
        assert!(told.ends_with(&format!("/far/{aside}")), "{told}");
        let aside = far.join(aside);
        assert_eq!(fs::metadata(&aside).expect("the old file").ino(), node, "the same file");
        assert_eq!((format(&aside), format(&path)), (3, current));
        assert_eq!((mode(&aside), mode(&path)), (0o600, 0o600));
    }
    assert_eq!(fs::read_to_string(&victim).expect("the file"), "precious");
    assert!(folder.join("link.redb").is_symlink());
    assert_eq!((names(&folder).len(), names(&far).len()), (1, 4));
}

#[test]
fn a_database_of_another_program_is_not_emptied() {
    const THEIRS: TableDefinition<'_, u64, u64> = TableDefinition::new("theirs");
    let place = Place::new();
    let path = place.path("state.redb");
    {
        let database = Database::create(&path).expect("a database");
        let writing = database.begin_write().expect("a transaction");
        writing.open_table(THEIRS).expect("a table").insert(1, 2).expect("a place");
        writing.commit().expect("a commit");
    }
    place.configure("state: {path: state.redb}\n");
    let told = serve_once(&place);
    assert!(line(&told, "set aside").contains("state.redb.format-unknown"));
    let database = Database::open(place.path("state.redb.format-unknown")).expect("a database");
    let reading = database.begin_read().expect("a transaction");
    let tables: Vec<String> =
        reading.list_tables().expect("tables").map(|table| table.name().to_owned()).collect();
    assert_eq!(tables, ["theirs"]);
}

#[test]
fn what_cannot_be_set_aside_stays_as_it_is_and_polling_goes_on_in_memory() {
    let place = Place::new();
    let folder = place.folder("state");
    // No longer name is possible, not even for root.
    let name = "x".repeat(255);
    place.configure(&format!("state: {{path: state/{name}}}\n"));
    serve_once(&place);
    reformat(&folder.join(&name), 3);
    let told = serve_once(&place);
    let told = line(&told, "cannot store days, polling goes on in memory");
    assert!(told.contains("nor renamed to ….format-3: File name too long"), "{told}");
    assert_eq!(format(&folder.join(&name)), 3);
    assert_eq!(names(&folder).len(), 1, "{:?}", names(&folder));
}

#[test]
fn on_a_full_disk_no_half_of_a_database_is_left() {
    let place = Place::new();
    let folder = place.folder("state");
    place.configure("state: {path: state/state.redb}\n");
    let config = place.config();
    let line = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let arguments = ["serve", "--config.file", &config, "--web.listen-address", "127.0.0.1:0"];
    let mut exporter = Running::of(in_bash(line, &arguments));
    let told = exporter.line_with("cannot store days, polling goes on in memory");
    assert!(told.contains("File too large"), "{told}");
    until_read(&exporter.address());
    assert_eq!(names(&folder).len(), 0, "{:?}", names(&folder));
    // There is space again.
    drop(exporter);
    serve_once(&place);
    assert_eq!(names(&folder).len(), 1);
}

#[test]
fn a_state_that_is_no_regular_file_stays_what_it_is() {
    let place = Place::new();
    let folder = place.folder("state");
    let path = folder.join("state.redb");
    place.configure("state: {path: state/state.redb}\n");
    pipe(&path);
    let told = serve_once(&place);
    let told = line(&told, "cannot store days, polling goes on in memory");
    assert!(told.contains("is a pipe, not a regular file"), "{told}");
    assert!(fs::metadata(&path).expect("the pipe").file_type().is_fifo());
    fs::remove_file(&path).expect("the pipe");
    // Its end looks like that of a file that was cut off.
    let Some(null) = device(&place, Device::Null) else { return };
    symlink(&null, &path).expect("a link");
    let told = serve_once(&place);
    let told = line(&told, "cannot store days, polling goes on in memory");
    assert!(told.contains("is a character device, not a regular file"), "{told}");
    assert!(is_device(&null) && path.is_symlink());
    assert_eq!(names(&folder).len(), 1, "nothing lies beside it");
}

#[test]
fn of_many_that_start_at_once_one_makes_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    let open = || Store::open(&path, Box::new(|| jiff::Timestamp::UNIX_EPOCH));
    for _ in 0..20 {
        let start = Barrier::new(4);
        let opened: Vec<_> = thread::scope(|scope| {
            let one = || {
                start.wait();
                open()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1, "{opened:?}");
        assert_eq!(names(folder.path()).len(), 1, "nothing lies beside it");
        assert!(open().is_err(), "the one has it");
        drop(opened);
        fs::remove_file(&path).expect("the file");
    }
}
