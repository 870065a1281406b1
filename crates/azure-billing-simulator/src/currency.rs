//! The currencies that an enrollment can be billed in.

use std::str::FromStr;

/// A currency, with the number of decimals that its invoices have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    /// US dollar, 2 decimals.
    Usd,
    /// Euro, 2 decimals.
    Eur,
    /// Yen, no decimals.
    Jpy,
    /// Kuwaiti dinar, 3 decimals.
    Kwd,
}

impl Currency {
    const ALL: [Self; 4] = [Self::Usd, Self::Eur, Self::Jpy, Self::Kwd];

    /// Returns its ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Jpy => "JPY",
            Self::Kwd => "KWD",
        }
    }

    /// Returns the decimals of its minor unit, to which invoices are trimmed.
    pub fn decimals(self) -> u32 {
        match self {
            Self::Usd | Self::Eur => 2,
            Self::Jpy => 0,
            Self::Kwd => 3,
        }
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|currency| currency.code() == text);
        found.ok_or_else(|| format!("{text:?} is not simulated; write USD, EUR, JPY or KWD"))
    }
}
