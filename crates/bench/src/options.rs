//! What to run, how long, on what, beside whom.

use anyhow::bail;

pub(crate) const USAGE: &str =
    "cargo xtask bench engine|hub [--quick] [--store sqlite|postgres] [--peer restate|realtime] [CASE]…";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Seconds per case instead of tens of seconds.
    pub(crate) quick: bool,
    pub(crate) store: StoreKind,
    /// Runs the same work in the same rounds.
    pub(crate) peer: Option<PeerKind>,
    /// Only cases of these names; empty: all.
    pub(crate) cases: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StoreKind {
    #[default]
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerKind {
    /// Of the engine.
    Restate,
    /// Of the hub: npm `ws` and `socket.io`.
    Realtime,
}

impl StoreKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            StoreKind::Sqlite => "sqlite",
            StoreKind::Postgres => "postgres",
        }
    }
}

impl Options {
    /// # Errors
    /// Naming the option that is wrong.
    pub(crate) fn read(args: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--store" => {
                    options.store = match args.next().as_deref() {
                        Some("sqlite") => StoreKind::Sqlite,
                        Some("postgres") => StoreKind::Postgres,
                        other => bail!("--store is sqlite or postgres, not `{}`", other.unwrap_or_default()),
                    }
                }
                "--peer" => {
                    options.peer = match args.next().as_deref() {
                        Some("restate") => Some(PeerKind::Restate),
                        Some("realtime") => Some(PeerKind::Realtime),
                        other => bail!("--peer is restate or realtime, not `{}`", other.unwrap_or_default()),
                    }
                }
                case if !case.starts_with('-') => options.cases.push(case.to_owned()),
                other => bail!("there is no option `{other}`: {USAGE}"),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> anyhow::Result<Options> {
        Options::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_and_cases_come_in_any_order() {
        let options = read("chain-16 --peer restate --quick boot --store postgres").expect("right");
        assert_eq!(options.cases, ["chain-16", "boot"]);
        assert_eq!((options.quick, options.store, options.peer), (true, StoreKind::Postgres, Some(PeerKind::Restate)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, said) in [("--store mysql", "`mysql`"), ("--peer", "restate"), ("--fast", "`--fast`")] {
            assert!(read(line).expect_err(line).to_string().contains(said), "{line}");
        }
    }
}
