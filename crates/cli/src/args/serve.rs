use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::DatabaseArgs;

/// Show what is stored as web pages, over all sequences
///
/// The pages list the sequences with the state of their runs; show a sequence slice by slice, where
/// its changes are and each of them before and after; tell which other sequences touch the same
/// path, key or content; compare any two slices; and hand out exports and reports. They use a JSON
/// API that /api/v1/openapi.json describes. The database is opened for reading only.
///
/// Only this machine can connect unless --listen says otherwise, and then a token or a reverse proxy
/// has to say who may. What is sent is not encrypted: on a network, put a proxy with TLS before it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint serve --db sqlite:results/diskprint.db
  diskprint serve --config differ.cfg --listen 127.0.0.1:9000
  diskprint serve --db sqlite:results/diskprint.db --listen 0.0.0.0:8087 --host prints.example --token-file token
  diskprint serve --db sqlite:results/diskprint.db --host prints.example --behind-proxy X-Remote-User")]
pub struct ServeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Address and port to listen at; port 0 for any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8087")]
    pub listen: SocketAddr,
    /// A name by which browsers call this server, beside localhost and the address that it listens
    /// at; may be given several times
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// A file with a secret that each request must show: as a bearer token, or as the password of
    /// any user
    #[arg(long, value_name = "FILE", conflicts_with = "behind_proxy")]
    pub token_file: Option<PathBuf>,
    /// Answer only requests with this header, which a reverse proxy sets when it has let somebody
    /// in, and takes away from what comes from outside
    #[arg(long, value_name = "HEADER")]
    pub behind_proxy: Option<String>,
    /// Print nothing
    #[arg(long, short)]
    pub quiet: bool,
}
