//! The short code that the browser and the consent window both show, so that a person sees that they
//! belong together.

use std::fmt;

use serde::Serialize;

use crate::secret::random_bytes;

/// Letters that are not mistaken for digits or for each other.
const LETTERS: &[u8; 22] = b"ABCDEFGHJKLMNPRTUVWXYZ";

/// `K7-42`: a letter and three digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct MatchingCode(String);

impl MatchingCode {
    /// A random code; the desk draws again while one like it waits.
    #[must_use]
    pub fn random() -> Self {
        let [letter, one, two, three] = random_bytes::<4>();
        let letter = char::from(LETTERS[usize::from(letter) % LETTERS.len()]);
        Self(format!("{letter}{}-{}{}", one % 10, two % 10, three % 10))
    }

    /// Whether a person typed this code; case, blanks and the dash do not matter.
    #[must_use]
    pub fn is_typed_as(&self, text: &str) -> bool {
        let typed = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
        typed.eq(self.0.chars().filter(char::is_ascii_alphanumeric))
    }
}

impl fmt::Display for MatchingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = MatchingCode("K7-42".into());
        assert!(["K7-42", "k742", " k7 42 "].iter().all(|typed| code.is_typed_as(typed)));
        assert!(["K7-43", "", "K7-4", "K7-421"].iter().all(|typed| !code.is_typed_as(typed)));
    }
}
