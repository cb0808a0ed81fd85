//! Processor time and memory of another process, as Linux tells them.

use std::{fs, time::Duration};

use anyhow::Context as _;

/// How long a tick of `/proc/PID/stat` is. Linux shows 100 a second to programs, whatever it uses
/// inside.
const TICK: Duration = Duration::from_millis(10);

/// User and system time that the process has used so far.
pub fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    parse_stat(&stat).with_context(|| format!("{path} is not as expected"))
}

/// Memory that the process holds now, in bytes.
pub fn resident(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    parse_status(&status).with_context(|| format!("{path} has no line VmRSS"))
}

fn parse_stat(stat: &str) -> Option<Duration> {
    // The second field is the program's name in parentheses and may hold anything, so the fields
    // are counted from behind it; the first one there is the third.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn parse_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_spaces_and_parentheses() {
        let stat = "42 (odd) name) S 1 42 42 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 3 0 77 1 2";
        assert_eq!(parse_stat(stat), Some(Duration::from_millis(1_750)));
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        let status = "Name:\tserver\nVmHWM:\t   30000 kB\nVmRSS:\t   20480 kB\n";
        assert_eq!(parse_status(status), Some(20 * 1024 * 1024));
    }

    #[test]
    fn this_process_has_both() {
        let pid = std::process::id();
        assert!(processor_time(pid).is_ok());
        assert!(resident(pid).unwrap() > 0);
    }
}
