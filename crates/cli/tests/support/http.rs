//! A server of ours, and what it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

/// `diskprint serve`, until it is dropped.
pub struct Server {
    process: Child,
    /// Its address and port.
    pub address: String,
}

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Server {
    /// Starts a server on a free port of this machine.
    pub fn start(options: &[&str]) -> Self {
        let mut command = Command::new(cargo_bin("diskprint"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(options);
        command.env_remove("DISKPRINT_DB").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("it said {line:?}")).to_owned();
        Self { process, address }
    }

    /// Asks for something with these lines in the head.
    pub fn request(&self, method: &str, path: &str, lines: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = format!("Host: {}", self.address);
        let has_host = lines.iter().any(|line| line.starts_with("Host:"));
        let head: Vec<&str> = if has_host { lines.to_vec() } else { [&[&*host], lines].concat() };
        // A server may not answer in pieces to who speaks the first version.
        write!(stream, "{method} {path} HTTP/1.0\r\n{}\r\n\r\n", head.join("\r\n")).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: all.split_off(end + 4) }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[])
    }

    /// What the API answers.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(&format!("/api/v1{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", super::text(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Stops it; returns what it said of what went wrong.
    pub fn stop(mut self) -> String {
        let _ = self.process.kill();
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }

    /// All pages of a list.
    #[track_caller]
    pub fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let mut page = self.json(&format!("{path}{sign}limit={limit}{after}"));
            let items = page["items"].as_array_mut().unwrap();
            assert!(items.len() <= limit);
            all.append(items);
            match &page["next"] {
                Value::Null => return all,
                Value::String(next) => after = format!("&after={next}"),
                next => after = format!("&after={next}"),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
