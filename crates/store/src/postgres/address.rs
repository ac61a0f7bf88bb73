use std::fmt;
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;

use crate::Error;

/// Where a PostgreSQL database is and who asks for it. Its password is never shown.
#[derive(Clone)]
pub struct Address {
    config: Config,
    /// Whether the server must prove with its certificate that it is the host.
    verify: bool,
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`, of which most may be left
    /// out.
    ///
    /// `sslmode` is `disable`; `prefer`, as when it is left out, for TLS where the server offers
    /// it; `require`, for TLS or nothing; or `verify-full`, for TLS with a certificate that the
    /// system's authorities (or those in the file `$SSL_CERT_FILE`) gave to that host. As
    /// elsewhere with PostgreSQL, the others do not look at the certificate.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(address: &str) -> Result<Self, Error> {
        let is_url = ["postgres://", "postgresql://"].iter().any(|at| address.starts_with(at));
        let (plain, verify) = match address.split_once('?') {
            // `verify-ca` asks for less than we check.
            Some((_, query)) if query.contains("sslmode=verify-") => {
                let mode = |address: &str, mode| address.replace(mode, "sslmode=require");
                (mode(&mode(address, "sslmode=verify-full"), "sslmode=verify-ca"), true)
            }
            _ => (address.to_owned(), false),
        };
        let config = plain.parse().ok().filter(|_| is_url);
        config.map(|config| Self::with_timeout(config, verify)).ok_or(Error::Address)
    }

    /// The address of a database on a host, which is a name, a number, or the folder of a socket.
    pub fn new(host: &str, port: u16, database: &str, user: &str) -> Self {
        let mut config = Config::new();
        config.host(host).port(port).dbname(database).user(user);
        Self::with_timeout(config, false)
    }

    fn with_timeout(mut config: Config, verify: bool) -> Self {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(30));
        }
        config.application_name("diskprint");
        Self { config, verify }
    }

    /// Sets the password.
    pub fn set_password(&mut self, password: &[u8]) {
        self.config.password(password);
    }

    /// Whether it has a password.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// `:PORT` of a host, unless that is PostgreSQL's own.
    fn port(&self, index: usize) -> String {
        let ports = self.config.get_ports();
        // One port may stand for all hosts.
        match ports.get(index).or(ports.first()) {
            None | Some(5432) => String::new(),
            Some(port) => format!(":{port}"),
        }
    }

    pub(super) fn verify(&self) -> bool {
        self.verify
    }
}

/// The address without its password and options.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}{}", self.port(index))?,
                #[cfg(unix)]
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let address = Address::parse("postgres://me:s%3Acret@db.example:5433/prints").unwrap();
        assert!(address.has_password());
        assert_eq!(address.to_string(), "postgres://me@db.example:5433/prints");
        assert_eq!(format!("{address:?}"), "postgres://me@db.example:5433/prints");
        let plain = Address::parse("postgres://me@db.example:5432/prints").unwrap();
        assert_eq!(plain.to_string(), "postgres://me@db.example/prints");
        for bad in
            ["host=db password=secret", "postgres://me@db/prints?secret=1", "postgres:secret"]
        {
            let error = Address::parse(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }
}
