//! `once --output` and `backfill --output`.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::thread;

use super::{
    Device, Place, device, ended, in_bash, is_device, mode, names, pipe, run, text, try_tool,
};
use crate::process::Running;

const COST: &str = "azure_billing_scope_pretax_cost{scope=\"contoso\"";
/// The text of files that no run may touch.
const PRECIOUS: &str = "precious";

fn once(place: &Place, output: &Path) -> (Option<i32>, String, String) {
    let (config, output) = (place.config(), text(output));
    run(&["once", "--config.file", &config, "--output", &output])
}

/// Returns a link to standard output that belongs to the test.
fn own_stdout(place: &Place) -> String {
    let link = place.path("stdout");
    symlink("/proc/self/fd/1", &link).expect("a link");
    text(&link)
}

fn assert_written(path: &Path) {
    let written = fs::read_to_string(path).expect("the file");
    assert!(written.contains(COST), "{}: {written}", path.display());
}

#[test]
fn a_written_file_has_the_rights_that_the_umask_leaves() {
    let place = Place::new();
    let (config, output) = (place.config(), place.path("azure.prom"));
    for (umask, expected) in [("022", 0o644), ("027", 0o640), ("077", 0o600), ("000", 0o666)] {
        let line = format!("umask {umask}; exec \"$0\" \"$@\"");
        let arguments = ["once", "--config.file", &config, "--output", &text(&output)];
        let (code, _, error) = ended(in_bash(&line, &arguments));
        assert_eq!(code, Some(0), "{error}");
        assert_eq!(mode(&output), expected, "umask {umask}");
    }
}

#[test]
fn a_link_under_a_name_that_can_be_foreseen_is_never_followed() {
    let place = Place::new();
    let folder = place.folder("textfile");
    let victim = place.path("victim");
    fs::write(&victim, PRECIOUS).expect("a file");
    let (config, output) = (place.config(), text(&folder.join("azure.prom")));
    // The id of the process is known beforehand: bash becomes the program.
    let line = format!(
        "for end in .$$.tmp .tmp .backfill-tmp; do ln -s {} {output}$end; done; exec \"$0\" \"$@\"",
        victim.display()
    );
    let (code, _, error) =
        ended(in_bash(&line, &["once", "--config.file", &config, "--output", &output]));
    assert_eq!(code, Some(0), "{error}");
    assert_written(Path::new(&output));
    assert_eq!(fs::read_to_string(&victim).expect("the file"), PRECIOUS);
    let links = names(&folder).into_iter().filter(|name| name != "azure.prom");
    assert_eq!(links.filter(|name| folder.join(name).is_symlink()).count(), 3, "as they were");
}

#[test]
fn a_link_stays_and_the_file_that_it_leads_to_is_replaced_in_its_own_folder() {
    let place = Place::new();
    let (near, far) = (place.folder("near"), place.folder("far"));
    let (link, target) = (near.join("azure.prom"), far.join("real.prom"));
    symlink("../near/second", &link).expect("a link");
    symlink("../far/real.prom", near.join("second")).expect("a link");
    // At first its target does not exist.
    let (code, _, error) = once(&place, &link);
    assert_eq!(code, Some(0), "{error}");
    assert_written(&target);
    let before = fs::metadata(&target).expect("the file").ino();
    let mut reader = File::open(&target).expect("the file");
    let (code, _, error) = once(&place, &link);
    assert_eq!(code, Some(0), "{error}");
    assert_written(&target);
    assert_ne!(fs::metadata(&target).expect("the file").ino(), before, "replaced, not rewritten");
    let mut old = String::new();
    reader.read_to_string(&mut old).expect("the old file");
    assert!(old.contains(COST), "whoever reads meanwhile reads the old file to its end");
    assert!(link.is_symlink() && near.join("second").is_symlink());
    assert_eq!((names(&near).len(), names(&far).len()), (2, 1), "nothing is left beside them");
    // Links that have no file as their target.
    symlink("loop", near.join("loop")).expect("a link");
    let (code, _, error) = once(&place, &near.join("loop"));
    assert_eq!(code, Some(1));
    assert!(error.contains("symbolic link"), "{error}");
}

#[test]
fn a_link_of_another_user_in_a_folder_for_everybody_is_left_to_the_kernel() {
    let place = Place::new();
    let (folder, victim) = (place.folder("everybody"), place.path("victim"));
    fs::write(&victim, PRECIOUS).expect("a file");
    fs::set_permissions(&folder, Permissions::from_mode(0o1777)).expect("rights");
    let link = folder.join("azure.prom");
    symlink(&victim, &link).expect("a link");
    let protected = fs::read_to_string("/proc/sys/fs/protected_symlinks");
    let is_protected = protected.is_ok_and(|protected| protected.trim() == "1");
    if !is_protected || !try_tool("chown", &["-h", "65534", &text(&link)]) {
        return println!("links are not protected here, or cannot be given away");
    }
    let (code, _, error) = once(&place, &link);
    assert_eq!(code, Some(1));
    assert!(error.contains("azure.prom: Permission denied"), "{error}");
    assert_eq!(fs::read_to_string(&victim).expect("the file"), PRECIOUS);
}

#[test]
fn a_device_stays_one_and_is_written_through() {
    let place = Place::new();
    let (Some(null), Some(full)) = (device(&place, Device::Null), device(&place, Device::Full))
    else {
        return;
    };
    let link = place.path("link");
    symlink(&null, &link).expect("a link");
    for output in [&null, &link] {
        let (code, _, error) = once(&place, output);
        assert_eq!(code, Some(0), "{error}");
        assert!(is_device(&null) && link.is_symlink());
    }
    let (code, _, error) = once(&place, &full);
    assert_eq!(code, Some(1));
    let said = format!("cannot write {}: No space left on device", full.display());
    assert!(error.contains(&said), "{error}");
    assert!(is_device(&full));
    // A disk cannot be intended.
    let disk = place.path("disk");
    if try_tool("mknod", &[&text(&disk), "b", "7", "200"]) {
        let (code, _, error) = once(&place, &disk);
        assert_eq!(code, Some(1));
        assert!(error.contains("disk: is a block device"), "{error}");
        assert!(fs::metadata(&disk).expect("the device").file_type().is_block_device());
    }
}

#[test]
fn standard_output_by_its_name_is_standard_output() {
    let place = Place::new();
    let (config, stdout) = (place.config(), own_stdout(&place));
    let arguments = ["once", "--config.file", &config, "--output", &stdout];
    let (code, output, error) = run(&arguments);
    assert_eq!(code, Some(0), "{error}");
    assert!(output.contains(COST), "{output}");
    // In a file it is between what others write there.
    let file = place.path("log");
    for redirection in [">", ">>"] {
        let line =
            format!("(echo before; \"$0\" \"$@\"; echo after) {redirection} {}", file.display());
        let (code, _, error) = ended(in_bash(&line, &arguments));
        assert_eq!(code, Some(0), "{error}");
        let written = fs::read_to_string(&file).expect("the file");
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!((lines[0], lines[lines.len() - 1]), ("before", "after"), "{written}");
        let ends = lines.iter().filter(|line| **line == "after").count();
        assert_eq!(ends, if redirection == ">" { 1 } else { 2 }, "{written}");
        assert!(written.contains(COST), "{written}");
    }
    // Another descriptor is written through as well: its owner waits for the output.
    let (file, kept) = (place.path("third"), place.path("kept"));
    let line = format!(
        "exec 3>{file}; ln {file} {kept}; \"$0\" \"$@\"",
        file = file.display(),
        kept = kept.display()
    );
    let descriptor = place.path("descriptor");
    symlink("/proc/self/fd/3", &descriptor).expect("a link");
    let output = text(&descriptor);
    let (code, _, error) =
        ended(in_bash(&line, &["once", "--config.file", &config, "--output", &output]));
    assert_eq!(code, Some(0), "{error}");
    assert_written(&kept);
}

#[test]
fn a_pipe_waits_for_its_reader_and_for_no_longer_than_it_is_told_to() {
    let place = Place::new();
    let path = place.path("pipe");
    pipe(&path);
    let (config, output) = (place.config(), text(&path));
    let arguments = ["once", "--config.file", &config, "--output", &output];
    let waiting = Running::start(&arguments);
    let mut read = String::new();
    File::open(&path).and_then(|mut pipe| pipe.read_to_string(&mut read)).expect("a writer");
    assert!(read.contains(COST), "{read}");
    assert!(fs::metadata(&path).expect("the pipe").file_type().is_fifo());
    drop(waiting);
    // Nothing reads; then a reader stops after some bytes, and the output is larger than a pipe.
    let mut waiting = Running::start(&arguments);
    waiting.line_with("waiting until somebody reads");
    waiting.signal("TERM");
    assert_eq!(waiting.end().code(), Some(1), "{:?}", waiting.lines_to_the_end());
    // On the first of a month there are no resources yet, and all fits.
    if read.len() < 200_000 {
        return;
    }
    let mut stalled = Running::start(&arguments);
    let mut reader = File::open(&path).expect("a writer");
    reader.read_exact(&mut [0; 100]).expect("a beginning");
    stalled.signal("TERM");
    assert_eq!(stalled.end().code(), Some(1));
    let lines = stalled.lines_to_the_end();
    assert!(lines.iter().any(|line| line.contains("stopped before all was written")), "{lines:?}");
    // A reader that goes away.
    let mut left = Running::start(&arguments);
    let mut short = File::open(&path).expect("a writer");
    short.read_exact(&mut [0; 100]).expect("a beginning");
    drop((short, reader));
    assert_eq!(left.end().code(), Some(1));
    let lines = left.lines_to_the_end();
    assert!(lines.iter().any(|line| line.contains("pipe: Broken pipe")), "{lines:?}");
}

#[test]
fn where_the_disk_is_full_the_old_file_stays_and_nothing_lies_beside_it() {
    let place = Place::new();
    let folder = place.folder("textfile");
    let output = folder.join("azure.prom");
    fs::write(&output, "old").expect("a file");
    let line = "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\" 2>&1";
    let (config, path) = (place.config(), text(&output));
    let (code, told, _) =
        ended(in_bash(line, &["once", "--config.file", &config, "--output", &path]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("cannot write {path}: File too large")), "{told}");
    assert_eq!(fs::read_to_string(&output).expect("the file"), "old");
    assert_eq!(names(&folder).len(), 1, "{:?}", names(&folder));
}

fn month(back: i32) -> String {
    use azure_billing_exporter::billing::period::{Period, day_of};
    Period::of(day_of(azure_billing_exporter::poller::Clock::system().now()))
        .months_before(back)
        .to_string()
}

#[test]
fn history_goes_where_it_is_told_as_well() {
    let place = Place::new();
    let (config, month) = (place.config(), month(2));
    let flags = ["backfill", "--config.file", &config, "--from", &month, "--to", &month];
    let in_folder = |output: &str| run(&[&flags[..], &["--output", output]].concat());
    let (folder, far) = (place.folder("history"), place.folder("far"));
    let link = folder.join("history.om");
    symlink("../far/history.om", &link).expect("a link");
    let (code, _, error) = in_folder(&text(&link));
    assert_eq!(code, Some(0), "{error}");
    let history = fs::read_to_string(far.join("history.om")).expect("the file");
    assert!(history.contains(COST) && history.ends_with("# EOF\n"), "{history}");
    assert!(link.is_symlink());
    assert_eq!((names(&folder).len(), names(&far).len()), (1, 1));
    let (code, output, error) = in_folder(&own_stdout(&place));
    assert_eq!(code, Some(0), "{error}");
    assert!(output == history, "the bytes differ");
    let path = place.path("pipe");
    pipe(&path);
    let output = text(&path);
    let reader = thread::spawn(move || fs::read_to_string(path).expect("a writer"));
    let (code, _, error) = in_folder(&output);
    assert_eq!(code, Some(0), "{error}");
    assert!(reader.join().expect("a reader") == history, "the bytes differ");
}

#[test]
fn what_backfill_keeps_is_private_and_follows_no_planted_link() {
    let place = Place::new();
    let Some(full) = device(&place, Device::Full) else { return };
    let (config, first, last) = (place.config(), month(3), month(2));
    let (output, victim) = (place.path("history.om"), place.path("victim"));
    fs::write(&victim, PRECIOUS).expect("a file");
    let state = place.path("history.om.backfill-state");
    let line = "umask 000; exec \"$0\" \"$@\" 2>&1";
    let flags = ["backfill", "--config.file", &config, "--from", &first, "--to", &last];
    let target = text(&output);
    let arguments = [&flags[..], &["--output", &target]].concat();
    // It ends where it writes, after all months were kept.
    fs::create_dir(&output).expect("a folder");
    let (code, told, _) = ended(in_bash(line, &arguments));
    assert_eq!(code, Some(1), "{told}");
    assert!(!state.exists(), "told before anything was read: {told}");
    fs::remove_dir(&output).expect("a folder");
    symlink(&full, &output).expect("a link");
    let (code, told, _) = ended(in_bash(line, &arguments));
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(mode(&state), 0o700);
    let kept = names(&state);
    assert!(kept.contains(&format!("0-{first}.month")) && kept.contains("settings"), "{kept:?}");
    for name in &kept {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    fs::remove_file(&output).expect("a link");
    fs::remove_file(state.join(format!("0-{last}.month"))).expect("a month");
    for end in [".tmp", "..tmp", ".x.tmp"] {
        symlink(&victim, state.join(format!("0-{last}.month{end}"))).expect("a link");
    }
    let (code, told, _) = ended(in_bash(line, &arguments));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("read_before=1"), "{told}");
    assert_eq!(fs::read_to_string(&victim).expect("the file"), PRECIOUS);
    assert_eq!(mode(&output), 0o666, "who loads it is often another user");
    // A link or a pipe in the place of a kept file is refused, without waiting.
    for (name, said) in [("lock", "cannot store what is read"), ("settings", "is a pipe")] {
        let _ = fs::remove_dir_all(&state);
        fs::create_dir(&state).expect("a folder");
        if name == "lock" {
            symlink(&victim, state.join(name)).expect("a link");
        } else {
            pipe(&state.join(name));
        }
        let (code, told, _) = ended(in_bash(line, &arguments));
        assert_eq!(code, Some(1), "{name}: {told}");
        assert!(told.contains(said), "{name}: {told}");
    }
}
