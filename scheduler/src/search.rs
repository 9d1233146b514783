//! Finding by what people type: "dak lak" finds "Đắk Lắk".

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without diacritics, words parted by single blanks. `đ` has no decomposition in Unicode, so it is folded by hand.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'đ' | 'Đ' => folded.push('d'),
            c if c.is_whitespace() || (c.is_ascii_punctuation() && c != '/' && c != '.') => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            c => folded.extend(c.to_lowercase()),
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// True when every word of the query begins a word of the text.
pub fn finds(query: &str, text: &str) -> bool {
    let text = fold(text);
    fold(query).split(' ').all(|wanted| text.split(' ').any(|word| word.starts_with(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_diacritics_and_the_crossed_d_do_not_matter() {
        assert!(finds("dak lak", "Tỉnh Đắk Lắk"));
        assert!(finds("ĐẦM HÀ", "Xã đầm hà"));
        assert!(finds("uong bi", "Phường Uông Bí"));
        assert_eq!(fold("  Ủy   ban (Đầm-Hà) "), "uy ban dam ha");
    }

    #[test]
    fn every_word_typed_must_begin_a_word_of_the_name() {
        assert!(finds("ha lo", "Phường Hạ Long"));
        assert!(!finds("ong", "Phường Hạ Long"));
        assert!(!finds("ha noi", "Phường Hạ Long"));
        assert!(finds("", "anything"));
    }
}
