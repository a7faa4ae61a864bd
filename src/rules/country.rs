//! Which country a number is in.
//!
//! Countries have calling codes, and no code is the beginning of another. But some countries share one. In the North
//! American plan (`1`) the next three digits tell the country, and Kazakhstan has its own digit within Russia's `7`.
//! Small territories that share a larger country's plan otherwise (Jersey, Svalbard, the Vatican and others) count as
//! that one.

use crate::model::Phone;

/// Beginnings of numbers, each with its ISO 3166-1 country. Data: libphonenumber 9.0.43 (Google, Apache-2.0), read
/// through its Python edition: the main region of each calling code, and the region of each area code of the North
/// American plan.
const BEGINNINGS: &str = "\
    1US 1204CA 1226CA 1236CA 1242BS 1246BB 1249CA 1250CA 1257CA 1263CA 1264AI 1268AG 1273CA 1284VG 1289CA \
    1306CA 1340VI 1343CA 1345KY 1354CA 1365CA 1367CA 1368CA 1382CA 1403CA 1416CA 1418CA 1428CA 1431CA 1437CA \
    1438CA 1441BM 1450CA 1468CA 1473GD 1474CA 1506CA 1514CA 1519CA 1548CA 1579CA 1581CA 1584CA 1587CA 1600CA \
    1604CA 1613CA 1622CA 1633CA 1639CA 1647CA 1649TC 1658JM 1664MS 1670MP 1671GU 1672CA 1683CA 1684AS 1705CA \
    1709CA 1721SX 1742CA 1753CA 1758LC 1767DM 1778CA 1780CA 1782CA 1784VC 1787PR 1807CA 1809DO 1819CA 1825CA \
    1829DO 1849DO 1867CA 1868TT 1869KN 1873CA 1876JM 1879CA 1902CA 1905CA 1939PR 1942CA \
    20EG 211SS 212MA 213DZ 216TN 218LY 220GM 221SN 222MR 223ML 224GN 225CI 226BF 227NE 228TG 229BJ 230MU \
    231LR 232SL 233GH 234NG 235TD 236CF 237CM 238CV 239ST 240GQ 241GA 242CG 243CD 244AO 245GW 246IO 247AC \
    248SC 249SD 250RW 251ET 252SO 253DJ 254KE 255TZ 256UG 257BI 258MZ 260ZM 261MG 262RE 263ZW 264NA 265MW \
    266LS 267BW 268SZ 269KM 27ZA 290SH 291ER 297AW 298FO 299GL \
    30GR 31NL 32BE 33FR 34ES 350GI 351PT 352LU 353IE 354IS 355AL 356MT 357CY 358FI 359BG 36HU 370LT 371LV \
    372EE 373MD 374AM 375BY 376AD 377MC 378SM 380UA 381RS 382ME 383XK 385HR 386SI 387BA 389MK 39IT \
    40RO 41CH 420CZ 421SK 423LI 43AT 44GB 45DK 46SE 47NO 48PL 49DE \
    500FK 501BZ 502GT 503SV 504HN 505NI 506CR 507PA 508PM 509HT 51PE 52MX 53CU 54AR 55BR 56CL 57CO 58VE 590GP \
    591BO 592GY 593EC 594GF 595PY 596MQ 597SR 598UY 599CW \
    60MY 61AU 62ID 63PH 64NZ 65SG 66TH 670TL 672NF 673BN 674NR 675PG 676TO 677SB 678VU 679FJ 680PW 681WF \
    682CK 683NU 685WS 686KI 687NC 688TV 689PF 690TK 691FM 692MH \
    7RU 77KZ \
    81JP 82KR 84VN 850KP 852HK 853MO 855KH 856LA 86CN 880BD 886TW \
    90TR 91IN 92PK 93AF 94LK 95MM 960MV 961LB 962JO 963SY 964IQ 965KW 966SA 967YE 968OM 970PS 971AE 972IL \
    973BH 974QA 975BT 976MN 977NP 98IR 992TJ 993TM 994AZ 995GE 996KG 998UZ";

/// The longest beginning, in digits.
const LONGEST: usize = 4;

/// The country of a number (ISO 3166-1, two letters); `None` for one that belongs to no country, such as a satellite
/// phone's, and for a calling code that is in no use.
pub fn country(phone: &Phone) -> Option<&'static str> {
    let digits = phone.expose().strip_prefix('+')?;
    (1..=LONGEST).rev().find_map(|length| of_beginning(digits.get(..length)?))
}

fn of_beginning(beginning: &str) -> Option<&'static str> {
    let known = |entry: &&str| entry.strip_prefix(beginning).is_some_and(|iso| iso.len() == 2 && is_letters(iso));
    BEGINNINGS.split(' ').find(known).and_then(|entry| entry.get(beginning.len()..))
}

fn is_letters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(beginning: &str) -> Option<&'static str> {
        country(&Phone::parse(&format!("+{beginning}5550100")).unwrap())
    }

    #[test]
    fn a_number_is_in_the_country_of_its_calling_code() {
        for (beginning, iso) in [
            ("49", "DE"),
            ("44", "GB"),
            ("33", "FR"),
            ("353", "IE"),
            ("886", "TW"),
            ("998", "UZ"),
            ("20", "EG"),
            ("211", "SS"),
        ] {
            assert_eq!(of(beginning), Some(iso), "{beginning}");
        }
    }

    #[test]
    fn countries_that_share_a_code_are_told_apart_by_what_follows() {
        for (beginning, iso) in [
            ("1202", "US"),
            ("1800", "US"),
            ("1416", "CA"),
            ("1604", "CA"),
            ("1876", "JM"),
            ("1787", "PR"),
            ("1809", "DO"),
            ("7495", "RU"),
            ("7701", "KZ"),
        ] {
            assert_eq!(of(beginning), Some(iso), "{beginning}");
        }
    }

    #[test]
    fn what_is_no_countrys_is_in_none() {
        for beginning in ["881", "870", "999", "210"] {
            assert_eq!(of(beginning), None, "{beginning}");
        }
    }

    #[test]
    fn the_table_is_one_code_and_one_country_for_each_entry() {
        let entries: Vec<_> = BEGINNINGS.split(' ').collect();
        assert_eq!(entries.len(), 293);
        for entry in &entries {
            let (code, iso) = entry.split_at(entry.len() - 2);
            assert!(is_letters(iso) && code.bytes().all(|b| b.is_ascii_digit()), "{entry}");
            assert!((1..=LONGEST).contains(&code.len()), "{entry}");
            assert_eq!(of_beginning(code), Some(iso), "{entry}");
        }
    }
}
