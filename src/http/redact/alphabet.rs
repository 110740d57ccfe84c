//! The copies of the Latin alphabet that Unicode has: a reader sees the same letter in each of them.

/// The set of letters that `c` is from: ASCII, or a block of others.
pub(super) fn alphabet(c: char) -> u32 {
    if c.is_ascii() { 0 } else { 1 + u32::from(c) / 128 }
}

/// Characters outside of the ranges below that Unicode's compatibility decomposition maps to letters and digits:
/// superscripts, subscripts, mathematical and Roman ones.
const SINGLE: &[(char, &str)] = &[
    ('1', "¹"),
    ('2', "²"),
    ('3', "³"),
    ('a', "ªᴬᵃₐ"),
    ('b', "ᴮᵇℬ"),
    ('c', "ᶜℂℭⅭⅽꟲ🄫"),
    ('d', "ᴰᵈⅅⅆⅮⅾ"),
    ('e', "ᴱᵉₑℯℰⅇ"),
    ('f', "ᶠℱꟳ"),
    ('g', "ᴳᵍℊ"),
    ('h', "ʰᴴₕℋℌℍℎ"),
    ('i', "ᴵᵢⁱℐℑℹⅈⅠⅰ"),
    ('j', "ʲᴶⅉⱼ"),
    ('k', "ᴷᵏₖ\u{212a}"),
    ('l', "ˡᴸₗℒℓⅬⅼ"),
    ('m', "ᴹᵐₘℳⅯⅿ"),
    ('n', "ᴺⁿₙℕ"),
    ('o', "ºᴼᵒₒℴ"),
    ('p', "ᴾᵖₚℙ"),
    ('q', "ℚꟴ𐞥"),
    ('r', "ʳᴿᵣℛℜℝ🄬"),
    ('s', "ſˢₛ"),
    ('t', "ᵀᵗₜ"),
    ('u', "ᵁᵘᵤ"),
    ('v', "ᵛᵥⅤⅴⱽ"),
    ('w', "ʷᵂ"),
    ('x', "ˣₓⅩⅹ"),
    ('y', "ʸ"),
    ('z', "ᶻℤℨ"),
];

/// The letter or digit that a reader sees, in lower case: Unicode has several copies of the Latin alphabet.
pub(super) fn plain(c: char) -> Option<u8> {
    let code = u32::from(c);
    let letter = |place: u32| char::from_digit(10 + place % 26, 36);
    let digit = |value: u32| char::from_digit(value % 10, 10);
    let plain = match code {
        0..=0x7f => Some(c),
        // Full width.
        0xff01..=0xff5e => char::from_u32(code - 0xfee0),
        // In parentheses; circled; in brackets, in squares; flags.
        0x249c..=0x24b5 => letter(code - 0x249c),
        0x24b6..=0x24e9 => letter(code - 0x24b6),
        0x1f110..=0x1f189 if (code - 0x1f110) % 32 < 26 => letter((code - 0x1f110) % 32),
        0x1f1e6..=0x1f1ff => letter(code - 0x1f1e6),
        // Mathematical.
        0x1d400..=0x1d6a3 => letter(code - 0x1d400),
        0x1d7ce..=0x1d7ff => digit(code - 0x1d7ce),
        // Digits: superscript, subscript, circled, in parentheses, with a full stop or a comma, segmented.
        0x2070 | 0x2074..=0x2079 => digit(code - 0x2070),
        0x2080..=0x2089 => digit(code - 0x2080),
        0x2460..=0x2468 => digit(code - 0x245f),
        0x2474..=0x247c => digit(code - 0x2473),
        0x2488..=0x2490 => digit(code - 0x2487),
        0x24f5..=0x24fd => digit(code - 0x24f4),
        0x2776..=0x277e => digit(code - 0x2775),
        0x2780..=0x2788 => digit(code - 0x277f),
        0x278a..=0x2792 => digit(code - 0x2789),
        0x24ea | 0x24ff | 0x1f100 => Some('0'),
        0x1f101..=0x1f10a => digit(code - 0x1f101),
        0x1fbf0..=0x1fbf9 => digit(code - 0x1fbf0),
        _ => SINGLE.iter().find(|(_, others)| others.contains(c)).map(|(plain, _)| *plain),
    };
    plain.filter(char::is_ascii_alphanumeric).and_then(|c| u8::try_from(c.to_ascii_lowercase()).ok())
}
