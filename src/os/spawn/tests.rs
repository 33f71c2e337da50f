//! Real children: shells that print, fail, hang and leave others behind.

use super::*;

fn job(script: &str) -> Job {
    Job::new("sh").args(["-c", script])
}

fn shell(script: &str, deadline: Duration) -> Result<Finished, SpawnError> {
    job(script).run(deadline)
}

#[test]
fn both_pipes_are_read_however_much_comes() {
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 3";
    let finished = shell(script, Duration::from_secs(60)).unwrap();
    assert_eq!((finished.stdout.len(), finished.stderr.len()), (KEPT, KEPT));
    assert_eq!(finished.status.code(), Some(3));
}

#[test]
fn a_child_that_hangs_is_killed_at_its_deadline() {
    let start = Instant::now();
    let hung = shell("exec sleep 60", Duration::from_millis(100));
    assert!(matches!(hung, Err(SpawnError::Deadline { .. })));
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_a_child_leaves_behind_is_not_waited_for() {
    let start = Instant::now();
    let finished = shell("echo said; sleep 60 & exit 0", Duration::from_secs(120)).unwrap();
    assert_eq!(finished.stdout, "said\n");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_child_reads_its_input_to_the_end() {
    let finished = Job::new("cat").input("2048,;\n").run(Duration::from_secs(60)).unwrap();
    assert_eq!(finished.stdout, "2048,;\n");
    // One that does not read fails by its status only.
    let finished = job("exit 3").input("unread").run(Duration::from_secs(60)).unwrap();
    assert_eq!(finished.status.code(), Some(3));
}

#[test]
fn what_counts_is_never_cut() {
    let input = vec![b'a'; 3 << 20];
    let echoed = |script: &str| job(script).input(input.clone()).all_counts().run(Duration::from_secs(60));
    assert_eq!(echoed("cat").unwrap().stdout.len(), input.len());
    let much = echoed("head -c 20000000 /dev/zero; exit 1");
    assert!(matches!(much, Err(SpawnError::TooMuch { most: MOST, .. })));
}

#[test]
fn what_fails_says_how() {
    let failing = job("echo out; echo err >&2; exit 3");
    let finished = failing.run(Duration::from_secs(60)).unwrap();
    let error = failing.require_success(finished).unwrap_err().to_string();
    assert_eq!(error, "sh -c 'echo out; echo err >&2; exit 3' ended with exit status: 3: out err");
}

#[test]
fn lines_are_heard_while_it_runs() {
    let (ready, mut heard) = (tempfile::NamedTempFile::new().unwrap(), Vec::new());
    // It goes on only when its line has been heard.
    let script =
        format!("printf 'one\rtwo\rthr'; while [ ! -s {} ]; do sleep 0.01; done", ready.path().display());
    let finished = job(&script).follow(Duration::from_secs(60), &mut |line| {
        heard.push(line.to_owned());
        std::fs::write(ready.path(), "go").unwrap();
    });
    assert_eq!(finished.unwrap().stdout, "one\rtwo\rthr");
    assert_eq!(heard.last().unwrap(), "two");
}

#[test]
fn a_silent_child_is_killed_with_its_children() {
    let alive = tempfile::NamedTempFile::new().unwrap();
    let script = format!("sleep 60 & echo $! > {}; wait", alive.path().display());
    let silent = job(&script).follow(Duration::from_millis(300), &mut |_| {});
    assert!(matches!(silent, Err(SpawnError::Silent { .. })), "{silent:?}");
    let grandchild = std::fs::read_to_string(alive.path()).unwrap();
    let status = format!("/proc/{}/stat", grandchild.trim());
    let start = Instant::now();
    // Gone, or waiting for init to look at its end.
    while std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(start.elapsed() < Duration::from_secs(30), "still there");
        thread::sleep(Duration::from_millis(10));
    }
}
