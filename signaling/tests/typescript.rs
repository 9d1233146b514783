//! The page's types of the WebSocket are generated from the server's. `UPDATE_GENERATED=1 cargo test -p signaling` rewrites the file.

// The switch that rewrites generated files is the environment's.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use signaling::wire::{self, CloseCode, Fault};
use ts_rs::{Config, TS, TypeVisitor};

/// Declarations by name, so that the file does not depend on the order in which types mention each other.
struct Declarations<'a> {
    config: &'a Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::ident(self.config);
        // Strings, numbers and the like have no declaration of their own.
        if T::output_path().is_some() && !self.found.contains_key(&name) {
            let docs = T::docs().unwrap_or_default();
            self.found.insert(name, format!("{docs}export {}", T::decl(self.config)));
        }
        if self.depth_first::<T>() {
            T::visit_dependencies(self);
        }
    }
}

impl Declarations<'_> {
    /// Generic containers report their contents as dependencies; every type of ours is looked into once.
    fn depth_first<T: TS + 'static + ?Sized>(&mut self) -> bool {
        let visited = format!("visited {}", T::name(self.config));
        self.found.insert(visited, String::new()).is_none()
    }
}

fn generated() -> String {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations { config: &config, found: BTreeMap::new() };
    declarations.visit::<wire::ClientEnvelope>();
    declarations.visit::<wire::ServerMessage>();
    declarations.visit::<Fault>();
    let types: Vec<String> = declarations.found.into_values().filter(|text| !text.is_empty()).collect();
    let codes: Vec<String> = CloseCode::ALL.iter().map(|code| format!("  {}: {},", code.name(), code.code())).collect();
    format!(
        "// Generated from signaling/src/wire by `UPDATE_GENERATED=1 cargo test -p signaling --test typescript`. Do not edit.\n\n\
         export const PROTOCOL_VERSION = {};\n\n\
         /** Bytes of one message from the page. */\n\
         export const MESSAGE_MAX = {};\n\n\
         /** What the server closes the WebSocket with. */\n\
         export const CLOSE_CODES = {{\n{}\n}} as const;\n\n{}\n",
        wire::VERSION,
        wire::MESSAGE_MAX,
        codes.join("\n"),
        types.join("\n\n"),
    )
}

#[test]
fn the_pages_types_are_those_of_the_server() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../web/ui/src/generated/wire.ts");
    let generated = generated();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().expect("the file has a folder")).expect("the folder can be made");
        std::fs::write(&path, &generated).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == generated,
        "web/ui/src/generated/wire.ts is stale: run `UPDATE_GENERATED=1 cargo test -p signaling --test typescript`"
    );
}
