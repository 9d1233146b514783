//! The table of settings as `web/README.md` shows it, printed from the struct that reads them.

use clap::{Args, Command};

use super::Layer;

/// One row a setting: flag, environment variable, TOML key, meaning.
#[must_use]
pub fn table() -> String {
    let command = Layer::augment_args(Command::new("serve"));
    let mut page = String::from("| flag | environment | TOML key | meaning |\n|---|---|---|---|\n");
    for argument in command.get_arguments() {
        let Some(long) = argument.get_long() else { continue };
        let value = argument.get_value_names().and_then(<[_]>::first).map_or(String::new(), |name| format!(" {name}"));
        let variable = argument.get_env().map_or(String::new(), |name| format!("`{}`", name.to_string_lossy()));
        let help = argument.get_long_help().or(argument.get_help()).map_or(String::new(), ToString::to_string);
        let meaning = help.split("\n\n").map(str::trim).collect::<Vec<_>>().join(". ").replace('|', "\\|");
        page.push_str(&format!("| `--{long}{value}` | {variable} | `{long}` | {} |\n", meaning.replace('\n', " ")));
    }
    page
}

/// The names of all settings in the environment.
#[must_use]
pub fn variables() -> Vec<String> {
    let command = Layer::augment_args(Command::new("serve"));
    command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "<!-- settings -->\n";
    const END: &str = "<!-- end of settings -->";

    /// With `UPDATE_README=1` it writes instead.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test asks its runner")]
    fn the_page_of_settings_is_the_one_the_program_reads() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (kept, after) = rest.split_once(END).unwrap();
        if std::env::var_os("UPDATE_README").is_some() {
            std::fs::write(path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
            return;
        }
        assert_eq!(kept, table(), "run this test with UPDATE_README=1");
    }

    #[test]
    fn every_setting_is_a_flag_a_variable_and_a_key_of_the_same_name() {
        let command = Layer::augment_args(Command::new("serve"));
        let keys: Vec<String> =
            command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned)).collect();
        assert!(keys.len() > 10);
        for (key, variable) in keys.iter().zip(variables()) {
            assert_eq!(variable, format!("NHIPCAU_{}", key.to_uppercase().replace('-', "_")));
            // A key that is unknown is named; one that is known complains of its value at most.
            let wrong = toml::from_str::<Layer>(&format!("{key} = {{}}")).unwrap_err().to_string();
            assert!(!wrong.contains("unknown field"), "{key}: {wrong}");
        }
    }
}
