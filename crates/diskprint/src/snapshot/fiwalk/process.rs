use std::io::{self, BufReader};
use std::process::{ChildStdout, Command, ExitStatus};
use std::time::Duration;

/// How a process came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself.
    Itself(ExitStatus),
    /// It was stopped when its time was over.
    Late,
    /// It was stopped when its output was not wanted any more.
    Unwanted,
}

/// Runs a command that may take so much time and so many bytes of memory, and hands what it prints
/// to `read`, which says whether it has read all of it.
///
/// The processes that it starts end with it.
///
/// # Errors
/// When it cannot be started.
#[cfg(target_os = "linux")]
pub(super) fn run(
    command: Command,
    time: Duration,
    memory: u64,
    read: impl FnOnce(BufReader<ChildStdout>) -> bool,
) -> io::Result<Ended> {
    linux::run(command, time, memory, read)
}

/// There is no bound on the memory of another process.
#[cfg(not(target_os = "linux"))]
pub(super) fn run(
    _: Command,
    _: Duration,
    _: u64,
    _: impl FnOnce(BufReader<ChildStdout>) -> bool,
) -> io::Result<Ended> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "its memory can be bounded on Linux only"))
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::process::{
        Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process_group,
        prlimit, waitid,
    };

    use super::{BufReader, ChildStdout, Command, Duration, Ended, io};
    use crate::pipeline;

    pub(super) fn run(
        mut command: Command,
        time: Duration,
        memory: u64,
        read: impl FnOnce(BufReader<ChildStdout>) -> bool,
    ) -> io::Result<Ended> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        let stop = || {
            let _ = kill_process_group(pid, Signal::KILL);
        };
        let bounded = bound(pid, time, memory);
        let (is_late, mut is_whole) = (AtomicBool::new(false), true);
        let late = || {
            is_late.store(true, Ordering::Relaxed);
            stop();
        };
        // Until it is waited for below, its number is no other process's.
        pipeline::with_ticks(time, late, || {
            match (child.stdout.take(), &bounded) {
                (Some(output), Ok(())) => is_whole = read(BufReader::new(output)),
                _ => stop(),
            }
            if !is_whole {
                stop();
            }
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        });
        stop();
        let status = child.wait()?;
        bounded?;
        Ok(match (is_late.into_inner(), is_whole) {
            (true, _) if !status.success() => Ended::Late,
            (_, false) => Ended::Unwanted,
            (_, true) => Ended::Itself(status),
        })
    }

    /// Bounds what the process takes, also when this one is no longer there to stop it; it writes no
    /// files.
    fn bound(pid: Pid, time: Duration, memory: u64) -> io::Result<()> {
        let bounds = [
            (Resource::As, memory),
            (Resource::Cpu, time.as_secs().saturating_add(1)),
            (Resource::Fsize, 0),
            (Resource::Core, 0),
        ];
        for (resource, most) in bounds {
            // What this process may not take, its children may not either.
            let most = Some(getrlimit(resource).maximum.map_or(most, |own| own.min(most)));
            prlimit(Some(pid), resource, Rlimit { current: most, maximum: most })?;
        }
        Ok(())
    }
}
