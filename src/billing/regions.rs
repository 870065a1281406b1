//! Azure's regions in the spellings of its bills.
//!
//! Rows of one region have `USEast2`, `US East 2`, `EastUS2` or the code of a data centre. Source:
//! the region data of Microsoft's FinOps toolkit (open data, MIT).

use std::borrow::Cow;

use super::squeezed::squeezed;

/// Returns the ARM name of a region (`eastus2`) for any billing spelling. An unknown spelling is
/// returned in lower case without blanks.
pub(crate) fn location(text: &str) -> Cow<'_, str> {
    let spelling = squeezed(text);
    match SPELLINGS.binary_search_by_key(&spelling.as_ref(), |(known, _)| known) {
        Ok(found) => Cow::Borrowed(SPELLINGS[found].1),
        Err(_) => spelling,
    }
}

/// One of Azure's separate clouds. Each has its own addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// Global Azure.
    #[default]
    Public,
    /// Azure Government, of the United States.
    UsGovernment,
    /// Azure operated by 21Vianet.
    China,
}

/// Returns the ARM name of a region of the China cloud, if the spelling means another region in the
/// rest of the world: `CH North` is in China there and in Switzerland elsewhere. Any other text is
/// returned as it is.
pub(crate) fn in_china(text: &str) -> &str {
    if !text.trim_start().starts_with(['c', 'C']) {
        return text;
    }
    let spelling = squeezed(text);
    CHINA.iter().find(|(known, _)| *known == spelling).map_or(text, |(_, region)| region)
}

/// The regions that `CH …` means in the China cloud.
const CHINA: &[(&str, &str)] = &[
    ("cheast", "chinaeast"),
    ("cheast2", "chinaeast2"),
    ("cheast3", "chinaeast3"),
    ("chnorth", "chinanorth"),
    ("chnorth2", "chinanorth2"),
    ("chnorth3", "chinanorth3"),
];

/// The squeezed spellings that are not the ARM name itself; sorted.
#[rustfmt::skip]
const SPELLINGS: &[(&str, &str)] = &[
    ("aecentral", "uaecentral"), ("aen", "uaenorth"), ("aenorth", "uaenorth"), ("am", "westeurope"),
    ("am2", "westeurope"), ("amsterdam", "westeurope"), ("apeast", "eastasia"),
    ("apsoutheast", "southeastasia"), ("ase", "eastasia"), ("asiaeast", "eastasia"),
    ("asiasoutheast", "southeastasia"), ("ate", "austriaeast"), ("ateast", "austriaeast"),
    ("aucentral", "australiacentral"), ("aucentral2", "australiacentral2"), ("aue", "australiaeast"),
    ("aueast", "australiaeast"), ("auh", "uaecentral"), ("ausoutheast", "australiasoutheast"),
    ("australiac", "australiacentral"), ("australiac2", "australiacentral2"), ("austriae", "austriaeast"),
    ("bd", "usdodeast"), ("bec", "belgiumcentral"), ("becentral", "belgiumcentral"),
    ("belgiumc", "belgiumcentral"), ("bj", "chinanorth"), ("bjs", "chinanorth2"), ("bl", "eastus"),
    ("bm", "westindia"), ("bn", "eastus2"), ("brazilse", "brazilsoutheast"), ("brse", "brazilsoutheast"),
    ("brsouth", "brazilsouth"), ("brsoutheast", "brazilsoutheast"), ("bso", "brazilsouth"),
    ("by", "westus"), ("cac", "canadacentral"), ("cacentral", "canadacentral"), ("cae", "canadaeast"),
    ("caeast", "canadaeast"), ("canandacentral", "canadacentral"), ("canberra2", "australiacentral2"),
    ("cbr", "australiacentral"), ("cbr2", "australiacentral2"), ("cc", "canadacentral"),
    ("centralcanada", "canadacentral"), ("ch", "northcentralus"), ("chicago", "northcentralus"),
    ("chilec", "chilecentral"), ("chinae2", "chinaeast2"), ("chinae3", "chinaeast3"),
    ("chinan2", "chinanorth2"), ("chinan3", "chinanorth3"), ("chn", "switzerlandnorth"),
    ("chnorth", "switzerlandnorth"), ("chw", "switzerlandwest"), ("chwest", "switzerlandwest"),
    ("clc", "chilecentral"), ("clcentral", "chilecentral"), ("cne3", "chinaeast3"),
    ("cneast", "chinaeast"), ("cneast2", "chinaeast2"), ("cneast3", "chinaeast3"), ("cnn3", "chinanorth3"),
    ("cnnorth", "chinanorth"), ("cnnorth2", "chinanorth2"), ("cnnorth3", "chinanorth3"),
    ("cpt", "southafricawest"), ("cq", "brazilsouth"), ("cu", "centralus"), ("cus", "centralus"),
    ("cw", "ukwest"), ("cy", "westcentralus"), ("dallas", "southcentralus"), ("db", "northeurope"),
    ("dd", "usdodcentral"), ("decentral", "germanycentral"), ("den", "germanynorth"),
    ("denmarke", "denmarkeast"), ("denorth", "germanynorth"), ("denortheast", "germanynortheast"),
    ("dewc", "germanywestcentral"), ("dewestcentral", "germanywestcentral"), ("dke", "denmarkeast"),
    ("dm", "centralus"), ("dubai", "uaenorth"), ("dublin", "northeurope"), ("dwc", "germanywestcentral"),
    ("dxb", "uaenorth"), ("ea", "eastasia"), ("eas", "eastasia"), ("eastcanada", "canadaeast"),
    ("eastjapan", "japaneast"), ("eastsu2", "eastus2"), ("eau", "australiaeast"), ("esc", "spaincentral"),
    ("escentral", "spaincentral"), ("eu", "eastus"), ("eu2", "eastus2"), ("eunorth", "northeurope"),
    ("europe", "westeurope"), ("europenorth", "northeurope"), ("europewest", "westeurope"),
    ("eus", "eastus"), ("eus2", "eastus2"), ("euwest", "westeurope"), ("ficentral", "finlandcentral"),
    ("finlandc", "finlandcentral"), ("flc", "finlandcentral"), ("fr", "germanycentral"),
    ("francec", "francecentral"), ("frances", "francesouth"), ("frc", "francecentral"),
    ("frcentral", "francecentral"), ("frsouth", "francesouth"), ("gbs", "uksouth"),
    ("germanyn", "germanynorth"), ("germanywc", "germanywestcentral"),
    ("germanywcentral", "germanywestcentral"), ("grcentral", "greececentral"), ("hk", "eastasia"),
    ("hkg", "eastasia"), ("hongkong", "eastasia"), ("idc", "indonesiacentral"),
    ("idcentral", "indonesiacentral"), ("ilc", "israelcentral"), ("ilcentral", "israelcentral"),
    ("inc", "centralindia"), ("incentral", "centralindia"), ("incentraljio", "jioindiacentral"),
    ("indiacentral", "centralindia"), ("indiasc", "indiasouthcentral"), ("indiasouth", "southindia"),
    ("indiawest", "westindia"), ("indonesiac", "indonesiacentral"), ("ins", "southindia"),
    ("insc", "indiasouthcentral"), ("insouth", "southindia"), ("insouthcentral", "indiasouthcentral"),
    ("inw", "westindia"), ("inwest", "westindia"), ("inwestjio", "jioindiawest"),
    ("israelc", "israelcentral"), ("italyn", "italynorth"), ("itn", "italynorth"),
    ("itnorth", "italynorth"), ("jaeast", "japaneast"), ("jawest", "japanwest"),
    ("jinc", "jioindiacentral"), ("jinw", "jioindiawest"), ("jioinc", "jioindiacentral"),
    ("jioinw", "jioindiawest"), ("jnb", "southafricanorth"), ("johannesburg", "southafricanorth"),
    ("jpe", "japaneast"), ("jpw", "japanwest"), ("krc", "koreacentral"), ("krcentral", "koreacentral"),
    ("krs", "koreasouth"), ("krsouth", "koreasouth"), ("lg", "germanynortheast"), ("ln", "uksouth"),
    ("lo", "uksouth2"), ("london", "uksouth"), ("ma", "southindia"), ("malaysiaw", "malaysiawest"),
    ("melbourne", "australiasoutheast"), ("mexicoc", "mexicocentral"), ("ml", "australiasoutheast"),
    ("mm", "uknorth"), ("montreal", "canadaeast"), ("mrs", "francesouth"), ("mumbai", "westindia"),
    ("mumbai2", "westindia"), ("mwh", "westus2"), ("mxc", "mexicocentral"), ("mxcentral", "mexicocentral"),
    ("myw", "malaysiawest"), ("mywest", "malaysiawest"), ("ncus", "northcentralus"), ("ne", "northeurope"),
    ("neu", "northeurope"), ("newzealandn", "newzealandnorth"), ("noe", "norwayeast"),
    ("noeast", "norwayeast"), ("norwaye", "norwayeast"), ("norwayw", "norwaywest"), ("now", "norwaywest"),
    ("nowest", "norwaywest"), ("nzn", "newzealandnorth"), ("nznorth", "newzealandnorth"),
    ("os", "japanwest"), ("osaka", "japanwest"), ("par", "francecentral"), ("paris", "francecentral"),
    ("phx", "usgovarizona"), ("plc", "polandcentral"), ("plcentral", "polandcentral"),
    ("pn", "centralindia"), ("polandc", "polandcentral"), ("ps", "koreasouth"), ("qac", "qatarcentral"),
    ("qacentral", "qatarcentral"), ("qatarc", "qatarcentral"), ("qatarentral", "qatarcentral"),
    ("quebeccity", "canadaeast"), ("saeast", "saudiarabiaeast"), ("san", "southafricanorth"),
    ("sanantonio", "southcentralus"), ("sanorth", "southafricanorth"), ("saopaulo", "brazilsouth"),
    ("sawest", "southafricawest"), ("sbr", "brazilsouth"), ("scus", "southcentralus"),
    ("se", "koreacentral"), ("sea", "southeastasia"), ("seas", "southeastasia"), ("seattle", "westus2"),
    ("seau", "australiasoutheast"), ("sec", "swedencentral"), ("secentral", "swedencentral"),
    ("ses", "swedensouth"), ("sesouth", "swedensouth"), ("sg", "southeastasia"), ("sh", "chinaeast"),
    ("sha", "chinaeast2"), ("siliconvalley", "westus"), ("sin", "southindia"),
    ("singapore", "southeastasia"), ("singaporec", "singaporecentral"), ("singc", "singaporecentral"),
    ("sn", "southcentralus"), ("southafrican", "southafricanorth"), ("southafricaw", "southafricawest"),
    ("southsoutheastasia", "southeastasia"), ("spainc", "spaincentral"), ("swedenc", "swedencentral"),
    ("swedens", "swedensouth"), ("switzerlandn", "switzerlandnorth"), ("switzerlandw", "switzerlandwest"),
    ("sy", "australiaeast"), ("syd", "australiaeast"), ("sydney", "australiaeast"),
    ("taiwann", "taiwannorth"), ("tokyo", "japaneast"), ("toronto", "canadacentral"),
    ("twn", "taiwannorth"), ("twnorth", "taiwannorth"), ("ty", "japaneast"), ("uaec", "uaecentral"),
    ("uaen", "uaenorth"), ("uks", "uksouth"), ("ukw", "ukwest"), ("unassigned", "global"),
    ("unitedkingdomsouth", "uksouth"), ("unitedkingdomsouth2", "uksouth"), ("us2", "eastus2"),
    ("usa", "usgovarizona"), ("uscentral", "centralus"), ("useast", "eastus"), ("useast2", "eastus2"),
    ("useast3", "eastus3"), ("usgovaz", "usgovarizona"), ("usgovcentral", "usgoviowa"),
    ("usgoveast", "usgovvirginia"), ("usgovsc", "usgovtexas"), ("usgovsouthcentral", "usgovtexas"),
    ("usgovsouthwest", "usgovarizona"), ("usgovsw", "usgovarizona"), ("usgovtx", "usgovtexas"),
    ("usgovwc", "usgovwyoming"), ("usnorth", "northcentralus"), ("usnorthcentral", "northcentralus"),
    ("usse", "usseceast"), ("ussece", "usseceast"), ("ussecw", "ussecwest"),
    ("ussecwc", "ussecwestcentral"), ("ussgovarizona", "usgovarizona"), ("ussouth", "southcentralus"),
    ("ussouthcentral", "southcentralus"), ("usstagesc", "southcentralusstg"), ("ussw", "ussecwest"),
    ("usswc", "ussecwestcentral"), ("ustsc", "southcentralusstg"), ("usv", "usgovvirginia"),
    ("usw3", "westus3"), ("uswest", "westus"), ("uswest2", "westus2"), ("uswest3", "westus3"),
    ("uswestcentral", "westcentralus"), ("wcu", "westcentralus"), ("wcus", "westcentralus"),
    ("we", "westeurope"), ("weu", "westeurope"), ("wu", "westus"), ("wu2", "westus2"), ("wus", "westus"),
    ("wus2", "westus2"), ("wus3", "westus3"), ("yq", "canadaeast"), ("yt", "canadacentral"),
    ("zanorth", "southafricanorth"), ("zawest", "southafricawest"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_maps_onto_names_that_map_onto_themselves() {
        assert!(SPELLINGS.is_sorted_by(|a, b| a.0 < b.0));
        for (spelling, region) in SPELLINGS {
            assert_eq!(location(spelling), *region);
            assert_eq!(location(region), *region, "{spelling} maps onto a spelling, not a name");
        }
    }

    #[test]
    fn one_region_has_one_name_however_it_is_billed() {
        for (sent, name) in [
            ("USEast2", "eastus2"),
            ("US East 2", "eastus2"),
            ("EastUS2", "eastus2"),
            ("EU West", "westeurope"),
            ("CH North", "switzerlandnorth"),
            ("US Gov Virginia", "usgovvirginia"),
            ("CN East 2", "chinaeast2"),
            ("DE Zone 1", "dezone1"),
            ("", ""),
        ] {
            assert_eq!(location(sent), name, "{sent:?}");
        }
    }

    #[test]
    fn the_china_cloud_means_its_own_regions() {
        for (sent, name) in [
            ("CH North", "chinanorth"),
            ("chnorth", "chinanorth"),
            (" CH East 2 ", "chinaeast2"),
            ("CHNorth3", "chinanorth3"),
            ("China North", "China North"),
            ("CN East", "CN East"),
            ("CH North 9", "CH North 9"),
            ("", ""),
        ] {
            assert_eq!(in_china(sent), name, "{sent:?}");
        }
        for (_, region) in CHINA {
            assert_eq!(location(region), *region);
        }
    }
}
