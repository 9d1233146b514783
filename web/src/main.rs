//! The binary `nhipcau`.

fn main() {
    print!("{}", web::http::document());
}
