//! What a person has set for their desktop as a whole, and pages are told of.

use serde_json::{Value, json};

use super::webdriver::Page;

/// One of a few, each by the name that its pictures bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preference {
    Light,
    Dark,
    Contrast,
    DarkContrast,
    Stillness,
}

impl Preference {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
            Self::DarkContrast => "contrast-dark",
            Self::Stillness => "still",
        }
    }

    pub(crate) const fn is_for_contrast(self) -> bool {
        matches!(self, Self::Contrast | Self::DarkContrast)
    }

    /// Line of GTK's own file.
    pub(super) const fn setting(self) -> &'static str {
        match self {
            Self::Light | Self::Dark => "",
            Self::Contrast | Self::DarkContrast => "gtk-theme-name = HighContrast",
            Self::Stillness => "gtk-enable-animations = 0",
        }
    }

    /// `GTK_THEME`: not every browser heeds that file for this.
    pub(super) const fn theme(self) -> Option<&'static str> {
        match self {
            Self::Dark => Some("Adwaita:dark"),
            Self::DarkContrast => Some("HighContrast:dark"),
            Self::Light | Self::Contrast | Self::Stillness => None,
        }
    }

    /// Fails unless the page knows of it, and of nothing else.
    pub(crate) async fn assert_known(self, page: &Page<'_>) {
        let known = page
            .run(
                "return ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', \
                 '(prefers-reduced-motion: reduce)'].map((query) => matchMedia(query).matches);",
                Value::Null,
            )
            .await;
        let wanted = json!([
            matches!(self, Self::Dark | Self::DarkContrast),
            self.is_for_contrast(),
            self == Self::Stillness,
        ]);
        assert_eq!(known, wanted, "{self:?}");
    }
}
