//! The command line, parsed once.

use crate::Failure;
use lexopt::prelude::*;
use std::ffi::OsString;

pub enum Command {
    Build { release: bool },
    Run { release: bool, serve: Vec<OsString> },
    Test(TestArgs),
    Bench { release_args: Vec<OsString> },
    Dist,
    Check,
    Help,
}

#[derive(Default)]
pub struct TestArgs {
    /// The sizes the issues demand, instead of the daily ones.
    pub full: bool,
    /// Suites to run; empty: all.
    pub only: Vec<String>,
    /// Only tests whose name contains this.
    pub filter: Option<String>,
}

pub fn parse() -> Result<Command, Failure> {
    from(lexopt::Parser::from_env())
}

fn from(mut parser: lexopt::Parser) -> Result<Command, Failure> {
    let name = match parser.next().map_err(usage)? {
        None | Some(Long("help") | Short('h')) => return Ok(Command::Help),
        Some(Value(name)) => name.string().map_err(usage)?,
        Some(other) => return Err(usage(other.unexpected())),
    };
    match name.as_str() {
        "build" => Ok(Command::Build { release: release_flag(parser)? }),
        "run" => run(parser),
        "test" => test(parser),
        "bench" => Ok(Command::Bench { release_args: parser.raw_args().map_err(usage)?.collect() }),
        "dist" => nothing_more(parser).map(|()| Command::Dist),
        "check" => nothing_more(parser).map(|()| Command::Check),
        "help" => Ok(Command::Help),
        other => Err(Failure { message: format!("there is no command `{other}`: see `cargo xtask help`"), code: 2 }),
    }
}

fn run(mut parser: lexopt::Parser) -> Result<Command, Failure> {
    let (mut release, mut serve) = (false, Vec::new());
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Long("release") => release = true,
            // After `--` everything is `signalbox serve`'s.
            Value(first) => {
                serve.push(first);
                serve.extend(parser.raw_args().map_err(usage)?);
            }
            other => return Err(usage(format!("{}; give options of the server after `--`", other.unexpected()))),
        }
    }
    Ok(Command::Run { release, serve })
}

fn test(mut parser: lexopt::Parser) -> Result<Command, Failure> {
    let mut args = TestArgs::default();
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Long("full") => args.full = true,
            Long("only") => {
                let suites = parser.value().and_then(ValueExt::string).map_err(usage)?;
                args.only.extend(suites.split(',').map(str::to_owned));
            }
            Value(filter) if args.filter.is_none() => args.filter = Some(filter.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(Command::Test(args))
}

fn release_flag(mut parser: lexopt::Parser) -> Result<bool, Failure> {
    let mut release = false;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Long("release") => release = true,
            other => return Err(usage(other.unexpected())),
        }
    }
    Ok(release)
}

fn nothing_more(mut parser: lexopt::Parser) -> Result<(), Failure> {
    match parser.next().map_err(usage)? {
        None => Ok(()),
        Some(other) => Err(usage(other.unexpected())),
    }
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure { message: format!("{error}: see `cargo xtask help`"), code: 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Command, String> {
        from(lexopt::Parser::from_args(line.split_whitespace())).map_err(|failure| failure.message)
    }

    #[test]
    fn what_follows_two_dashes_is_the_servers() {
        let Ok(Command::Run { release: true, serve }) = check("run --release -- --listen 127.0.0.1:0") else {
            panic!()
        };
        assert_eq!(serve, ["--listen", "127.0.0.1:0"]);
        assert!(check("run --listen 127.0.0.1:0").is_err_and(|text| text.contains("after `--`")));
    }

    #[test]
    fn suites_may_be_repeated_or_joined() {
        let Ok(Command::Test(args)) = check("test --full --only unit,doc --only browser triage") else { panic!() };
        assert_eq!((args.full, args.filter.as_deref()), (true, Some("triage")));
        assert_eq!(args.only, ["unit", "doc", "browser"]);
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(check("rnu").is_err());
        assert!(check("dist --relase").is_err());
    }
}
