//! The binary `nhipcau`.

use std::process::ExitCode;

fn main() -> ExitCode {
    web::command::run(std::env::args_os())
}
