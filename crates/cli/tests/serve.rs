//! `diskprint serve`: what it answers, to whom, and what a browser makes of it.

mod support;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::printable;
use diskprint_formats::Name;
use diskprint_testkit::postgres::server;
use diskprint_testkit::{hostile, need, ntfs};
use serde_json::{Value, json};
use support::http::Server;
use tempfile::TempDir;

const SEQUENCE: &str = "8504-1-7895-1";

fn sample(slice: u32) -> PathBuf {
    let name = format!("../../examples/8504-1/7895-1/{SEQUENCE}-{slice}.tar.gz");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A run over the sample, in a database of its own or in one that is named.
fn ran(database: Option<&str>) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results").display().to_string();
    let name = database.map_or(format!("sqlite:{results}/diskprint.db"), str::to_owned);
    let tarball = sample(40).display().to_string();
    support::expect(0, &["run", &tarball, &results, "--db", &name, "--quiet"]);
    (folder, name)
}

fn export(database: &str, format: &str) -> String {
    support::expect(0, &["export", SEQUENCE, "--db", database, "--format", format])
}

fn tree_of(row: &Value) -> &'static str {
    match row["type"].as_str().unwrap() {
        "file" => "files",
        "cell" => "cells",
        _ => "recovered",
    }
}

/// Everything that is answered about the sample agrees with its export.
fn check_answers(database: &str) {
    let server = Server::start(&["--db", database]);
    let rows = support::rows(&export(database, "jsonl"));
    let sequences = server.all("/sequences", 1);
    assert_eq!(sequences.len(), 1);
    assert_eq!((&sequences[0]["name"], &sequences[0]["slices"]), (&json!(SEQUENCE), &json!(4)));
    let of = |tree: &str| rows.iter().filter(|row| tree_of(row) == tree).count();
    assert_eq!(sequences[0]["run"]["files"], of("files"));
    assert_eq!(server.json("/sequences?search=absent")["total"], 0);

    let sequence = server.json(&format!("/sequences/{SEQUENCE}"));
    for slice in sequence["slices"].as_array().unwrap() {
        let name = slice["slice"].as_str().unwrap();
        let own: Vec<&Value> = rows.iter().filter(|row| row["sliceid"] == slice["id"]).collect();
        for tree in ["files", "cells", "recovered"] {
            let own: Vec<&&Value> = own.iter().filter(|row| tree_of(row) == tree).collect();
            let listed = server.all(&format!("/slices/{name}/{tree}"), 7);
            assert_eq!(listed.len(), own.len(), "{name} {tree}");
            for (item, row) in listed.iter().zip(&own) {
                assert_eq!(item["action"], row["action"]);
            }
            let by = |action: &str| own.iter().filter(|row| row["action"] == action).count();
            match tree {
                "recovered" => assert_eq!(slice[tree], own.len()),
                _ => assert_eq!(slice[tree], json!(["new", "altered", "deleted"].map(by))),
            }
            for (ordinal, row) in own.iter().enumerate().step_by(11) {
                let whole = server.json(&format!("/slices/{name}/{tree}/{ordinal}"));
                assert_eq!(&whole["fields"], **row, "{name} {tree} {ordinal}");
            }
            check_branches(&server, name, tree);
        }
    }
    check_filters(&server, &rows);
    check_touching(&server, &rows);
    check_compared(&server);
}

/// Below a branch are as many rows as it says, down to the last.
fn check_branches(server: &Server, slice: &str, tree: &str) {
    let roots = server.all(&format!("/slices/{slice}/branches"), 2);
    let mut left: Vec<Value> = roots.into_iter().filter(|it| it["tree"] == tree).collect();
    while let Some(branch) = left.pop() {
        let below = server.all(&format!("/slices/{slice}/{tree}?below={}", branch["branch"]), 100);
        assert_eq!(branch["rows"], below.len());
        for action in ["new", "altered", "deleted"] {
            let said = below.iter().filter(|it| it["action"] == action).count();
            assert_eq!(branch[action], said, "{branch}");
        }
        if branch["branches"] != 0 {
            left.extend(
                server.all(&format!("/slices/{slice}/branches?below={}", branch["branch"]), 3),
            );
        }
    }
}

fn check_filters(server: &Server, rows: &[Value]) {
    let listed = |query: &str| server.all(&format!("/slices/{SEQUENCE}-20/{query}"), 5).len();
    let of = |wanted: &dyn Fn(&Value) -> bool| {
        rows.iter().filter(|row| row["sliceid"] == 20 && wanted(row)).count()
    };
    let path = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_lowercase();
    let packrat = of(&|row| {
        tree_of(row) == "files"
            && (path(row, "path") + &path(row, "path_before")).contains("packrat")
    });
    assert!(packrat > 0);
    assert_eq!(listed("files?search=PackRat"), packrat);
    let new = of(&|row| tree_of(row) == "cells" && row["action"] == "new");
    assert_eq!(listed("cells?action=new"), new);
    let uninstall = of(&|row| tree_of(row) == "cells" && row["artefact"] == "uninstall");
    assert!(uninstall > 0);
    assert_eq!(listed("cells?artefact=uninstall"), uninstall);
}

fn check_touching(server: &Server, rows: &[Value]) {
    let of = |wanted: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let path = "Windows/System32/config/SYSTEM";
    let touched = server.json(&format!("/touching?path={}", path.to_uppercase()));
    assert_eq!(touched["rows"], of(&|row| row["path"] == path));
    assert_eq!(touched["by_sequence"], json!([{ "sequence": SEQUENCE, "rows": touched["rows"] }]));
    let file =
        rows.iter().find(|row| row["action"] == "new" && row["size_after"].as_i64() > Some(0));
    let digest = &file.unwrap()["sha256_after"];
    let alike = of(&|row| &row["sha256_after"] == digest || &row["sha256_before"] == digest);
    let found = server.all(&format!("/touching?digest={}", digest.as_str().unwrap()), 1);
    assert_eq!(found.len(), alike);
    // What a row says may be asked further is answered with that row at least.
    let whole = server.json(&format!("/slices/{SEQUENCE}-20/cells/3"));
    assert!(!whole["touching"].as_array().unwrap().is_empty());
    for link in whole["touching"].as_array().unwrap() {
        let query = link.as_object().unwrap().iter();
        let query = query.filter(|(name, _)| !["what", "text"].contains(&name.as_str()));
        let query: Vec<String> = query
            .map(|(name, value)| format!("{name}={}", encoded(value.as_str().unwrap())))
            .collect();
        let found = server.all(&format!("/touching?{}", query.join("&")), 100);
        assert!(found.iter().any(|it| it["ordinal"] == 3 && it["path"] == whole["path"]), "{link}");
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What is put together from three steps is what the tarballs say.
fn check_compared(server: &Server) {
    let tarballs = [10, 40].map(|slice| sample(slice).display().to_string());
    let diff = support::expect(0, &["diff", &tarballs[0], &tarballs[1], "--format", "jsonl"]);
    let mut direct: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in support::rows(&diff).iter().filter(|row| tree_of(row) != "recovered") {
        let key = (tree_of(row).to_owned(), row["action"].as_str().unwrap().to_owned());
        *direct.entry(key).or_default() += 1;
    }
    let compared =
        server.json(&format!("/compare?before={SEQUENCE}-10&after={SEQUENCE}-40&limit=1"));
    for tree in ["files", "cells"] {
        let counts = ["new", "altered", "deleted"]
            .map(|action| direct.get(&(tree.into(), action.into())).copied().unwrap_or_default());
        assert_eq!(compared[tree], json!(counts), "{tree}");
    }
    assert_eq!(compared["way"].as_array().unwrap().len(), 4);
    let none = server.json(&format!("/compare?before={SEQUENCE}-20&after={SEQUENCE}-20"));
    assert_eq!((&none["items"], &none["next"]), (&json!([]), &Value::Null));
}

#[test]
fn answers_agree_with_the_export() {
    let (_folder, database) = ran(None);
    check_answers(&database);
}

#[test]
fn answers_from_postgresql_agree_with_the_export() {
    let Some(server) = server() else { return };
    let address = server.address(&server.database());
    let (_folder, database) = ran(Some(&address));
    check_answers(&database);
}

#[test]
fn downloads_are_what_the_commands_write_and_nothing_is_written() {
    let (folder, database) = ran(None);
    let files = || support::digests(folder.path());
    let before = files();
    let server = Server::start(&["--db", &database]);
    for format in ["jsonl", "csv"] {
        let answer = server.get(&format!("/api/v1/sequences/{SEQUENCE}/export?format={format}"));
        assert!(answer.body == export(&database, format).into_bytes(), "{format}");
        assert!(answer.head.contains(&format!("filename=\"{SEQUENCE}-40.{format}\"")));
    }
    let answer = server.get(&format!("/api/v1/sequences/{SEQUENCE}/report"));
    assert_eq!(before, files());
    let page = folder.path().join("page.html").display().to_string();
    support::expect(0, &["report", SEQUENCE, "--db", &database, "-o", &page, "--quiet"]);
    assert!(answer.body == fs::read(page).unwrap());
}

#[test]
fn what_is_known_is_not_sent_again() {
    let (_folder, database) = ran(None);
    let server = Server::start(&["--db", &database]);
    for path in ["/", "/script.js", "/api/v1/sequences", "/api/v1/openapi.json"] {
        let first = server.get(path);
        let tag = first.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        let again = server.request("GET", path, &[&format!("If-None-Match: \"x\", W/{tag}")]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let other = server.request("GET", path, &["If-None-Match: \"x\""]);
        assert_eq!((other.status, other.body), (200, first.body), "{path}");
    }
}

/// Each answer has what the document says of it.
#[test]
fn answers_are_as_the_document_describes() {
    let (_folder, database) = ran(None);
    let server = Server::start(&["--db", &database]);
    let document = server.json("/openapi.json");
    let slice = format!("{SEQUENCE}-20");
    for (route, path) in [
        ("/sequences", "/sequences".to_owned()),
        ("/sequences/{sequence}", format!("/sequences/{SEQUENCE}")),
        ("/slices/{slice}/branches", format!("/slices/{slice}/branches")),
        ("/slices/{slice}/faults", format!("/slices/{slice}/faults")),
        ("/slices/{slice}/interim", format!("/slices/{slice}/interim")),
        ("/slices/{slice}/{tree}", format!("/slices/{slice}/files")),
        ("/slices/{slice}/{tree}/{ordinal}", format!("/slices/{slice}/recovered/0")),
        ("/touching", "/touching?path=pagefile.sys".to_owned()),
        ("/compare", format!("/compare?before={SEQUENCE}-10&after={slice}")),
    ] {
        let schema = &document["paths"][format!("/api/v1{route}")]["get"]["responses"]["200"];
        let schema = &schema["content"]["application/json"]["schema"];
        check_schema(&document, schema, &server.json(&path), route);
    }
}

fn check_schema(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(name.strip_prefix('#').unwrap()).unwrap();
        return check_schema(document, schema, value, at);
    }
    if let Some(one) = schema["oneOf"].as_array() {
        let schema = one.iter().find(|it| (it["type"] == "null") == value.is_null()).unwrap();
        return check_schema(document, schema, value, at);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check_schema(document, part, value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &schema["type"];
    assert!(
        kinds.is_null()
            || kinds == kind
            || kinds.as_array().is_some_and(|all| all.iter().any(|it| it == kind)),
        "{at}: {kinds} is {kind}"
    );
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{at}: {value}");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        let value = value.get(name).unwrap_or_else(|| panic!("{at}: no {name}"));
        check_schema(document, &schema["properties"][name], value, &format!("{at}.{name}"));
    }
    for item in value.as_array().into_iter().flatten() {
        check_schema(document, &schema["items"], item, at);
    }
}

#[test]
fn what_cannot_be_answered_is_told() {
    let (_folder, database) = ran(None);
    let server = Server::start(&["--db", &database]);
    for (path, status, says) in [
        ("/api/v1/nothing", 404, "openapi.json"),
        ("/api/v1/sequences/x", 400, "names no sequence"),
        ("/api/v1/sequences/1-1-1-1", 404, "1-1-1-1"),
        ("/api/v1/sequences/8504-1-7895-1-20", 404, "not the end"),
        ("/api/v1/sequences?limit=0", 400, "limit"),
        ("/api/v1/sequences?limit=x", 400, "limit"),
        ("/api/v1/slices/x/files", 400, "names no slice"),
        ("/api/v1/slices/8504-1-7895-1-20/file", 404, "files, cells, recovered"),
        ("/api/v1/slices/8504-1-7895-1-20/files?action=made", 400, "no action"),
        ("/api/v1/slices/8504-1-7895-1-20/files?below=9999", 404, "no branch"),
        ("/api/v1/slices/8504-1-7895-1-20/files/9999", 404, "no row"),
        ("/api/v1/slices/8504-1-7895-1-20/files/x", 404, "no row"),
        ("/api/v1/touching", 400, "path"),
        ("/api/v1/touching?digest=12", 400, "digest"),
        ("/api/v1/touching?path=a&after=b", 400, "no row"),
        ("/api/v1/compare?before=8504-1-7895-1-10", 400, "after"),
        ("/api/v1/compare?before=8504-1-7895-1-10&after=8504-1-7895-1-99", 404, "99"),
        ("/api/v1/sequences/8504-1-7895-1/export?format=xml", 400, "format"),
        ("/api/v1/sequences/8504-1-7895-1/export?format=\u{0}", 400, ""),
    ] {
        let path = path.replace('\0', "%FF");
        let answer = server.get(&path);
        assert_eq!(answer.status, status, "{path}: {}", support::text(&answer.body));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(body["error"].as_str().unwrap().contains(says), "{path}: {body}");
    }
    let long = format!("/?{}", "x".repeat(70_000));
    assert!([414, 431].contains(&server.get(&long).status));
    assert_eq!(server.get("/no/such/page").status, 404);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(server.request(method, "/api/v1/sequences", &[]).status, 405, "{method}");
    }
    let head = server.request("HEAD", "/api/v1/sequences", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    let policy = "content-security-policy: default-src 'none'; script-src 'self'";
    assert!(head.head.contains(policy), "{}", head.head);
}

#[test]
fn how_the_database_fails_is_said_where_the_server_runs_alone() {
    let (folder, database) = ran(None);
    let server = Server::start(&["--db", &database]);
    fs::rename(folder.path().join("results/diskprint.db"), folder.path().join("away")).unwrap();
    let answer = server.get("/api/v1/sequences");
    let body = support::text(&answer.body);
    assert!(answer.status == 503 && body.contains("try again"), "{body}");
    assert!(!body.contains("diskprint.db"), "{body}");
    let said = server.stop();
    assert!(said.contains("warning") && said.contains("diskprint.db"), "{said}");
}

#[test]
fn who_may_ask_is_said_and_checked() {
    let (folder, database) = ran(None);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let token = "0123456789abcdef0123456789abcdef";
    fs::write(path("token"), format!("{token}\n")).unwrap();
    fs::write(path("short"), "secret\n").unwrap();
    let server = Server::start(&[
        "--db",
        &database,
        "--token-file",
        &path("token"),
        "--host",
        "Prints.example",
    ]);
    let bearer = format!("Authorization: Bearer {token}");
    let host = "Host: prints.example";
    for (lines, status) in [
        (&[][..], 401),
        (&[&*bearer], 200),
        (&[host, &bearer], 200),
        (&["Host: evil.example", &bearer], 421),
        (&["Authorization: Bearer 0123456789abcdef0123456789abcde0"], 401),
    ] {
        for path in ["/", "/script.js", "/api/v1/sequences"] {
            assert_eq!(server.request("GET", path, lines).status, status, "{path} {lines:?}");
        }
    }
    let proxied = Server::start(&["--db", &database, "--behind-proxy", "X-Remote-User"]);
    assert_eq!(proxied.get("/").status, 403);
    assert_eq!(proxied.request("GET", "/", &["X-Remote-User: alice"]).status, 200);

    let refused =
        |options: &[&str]| support::expect(1, &[&["serve", "--db", &database], options].concat());
    let open = refused(&["--listen", "0.0.0.0:0"]);
    assert!(open.contains("--token-file") && open.contains("--behind-proxy"), "{open}");
    let nameless = refused(&["--listen", "0.0.0.0:0", "--token-file", &path("token")]);
    assert!(nameless.contains("--host"), "{nameless}");
    let short = refused(&["--token-file", &path("short")]);
    assert!(short.contains("16") && !short.contains("secret"), "{short}");
    let taken = refused(&["--listen", &server.address]);
    assert!(taken.contains("cannot listen"), "{taken}");
    let absent = support::expect(1, &["serve", "--db", &format!("sqlite:{}", path("absent.db"))]);
    assert!(absent.contains("there is no database"), "{absent}");
}

/// Runs a script in a browser, which must end well; `None` where there is none.
#[track_caller]
fn browse(script: &str, arguments: &[&OsStr]) -> Option<()> {
    let programs = ["python3", "chromium", "chromedriver"].map(need::program);
    programs.iter().all(Option::is_some).then_some(())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let output = Command::new("python3").arg("-B").arg(script).args(arguments).output().unwrap();
    let said = support::text(&output.stdout) + &support::text(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(())
}

#[test]
fn a_browser_uses_it() {
    let axe = need::fetched("axe.min.js").unwrap_or_default();
    let (_folder, database) = ran(None);
    let server = Server::start(&["--db", &database]);
    let address = format!("http://{}", server.address);
    let pictures = std::env::var_os("DISKPRINT_TEST_PICTURES");
    let arguments = [OsStr::new(&address), axe.as_os_str()];
    let arguments: Vec<&OsStr> = arguments.into_iter().chain(pictures.as_deref()).collect();
    browse("serve.py", &arguments);
}

#[test]
fn names_that_want_to_do_harm_are_shown_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let end = hostile::write(folder.path()).unwrap();
    let results = folder.path().join("results");
    support::expect(2, &["run".as_ref(), end.as_os_str(), results.as_os_str()]);
    let database = format!("sqlite:{}", results.join("diskprint.db").display());
    let server = Server::start(&["--db", &database]);
    let shown = |name: &str| printable(&Name::from_utf16(ntfs::units(name)).to_text());
    let names: Vec<String> = hostile::NAMES.map(shown).to_vec();
    let address = format!("http://{}/sequences/{}", server.address, hostile::SEQUENCE);
    browse("serve_hostile.py", &[address.as_ref(), Value::from(names).to_string().as_ref()]);
}
