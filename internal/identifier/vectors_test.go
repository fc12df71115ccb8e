package identifier

// The vectors of the team's reference on identifiers, all of them, in its order.

// taxCodeMonths: Rossi Mario and Maria, born in each month, H501.
var taxCodeMonths = []struct{ born, male, female string }{
	{"1985-01-31", "RSSMRA85A31H501C", "RSSMRA85A71H501G"},
	{"1985-02-28", "RSSMRA85B28H501T", "RSSMRA85B68H501X"},
	{"1985-03-31", "RSSMRA85C31H501G", "RSSMRA85C71H501K"},
	{"1985-04-30", "RSSMRA85D30H501J", "RSSMRA85D70H501N"},
	{"1985-05-31", "RSSMRA85E31H501K", "RSSMRA85E71H501O"},
	{"1985-06-30", "RSSMRA85H30H501T", "RSSMRA85H70H501X"},
	{"1985-07-31", "RSSMRA85L31H501F", "RSSMRA85L71H501J"},
	{"1985-08-31", "RSSMRA85M31H501T", "RSSMRA85M71H501X"},
	{"1985-09-30", "RSSMRA85P30H501F", "RSSMRA85P70H501J"},
	{"1985-10-31", "RSSMRA85R31H501J", "RSSMRA85R71H501N"},
	{"1985-11-30", "RSSMRA85S30H501O", "RSSMRA85S70H501S"},
	{"1985-12-31", "RSSMRA85T31H501P", "RSSMRA85T71H501T"},
}

// taxCodeOmocodia: Bianchi Luca, 26 April 1974, L219. The first is the code itself.
var taxCodeOmocodia = []string{
	"BNCLCU74D26L219H",
	"BNCLCU74D26L21VW",
	"BNCLCU74D26L2MVH",
	"BNCLCU74D26LNMVW",
	"BNCLCU74D2SLNMVT",
	"BNCLCU74DNSLNMVE",
	"BNCLCU7QDNSLNMVQ",
	"BNCLCUTQDNSLNMVN",
	"BNCLCUT4D26L219E",
	"BNCLCU7QD26LN19I",
	"BNCLCUT4D2SL21VQ",
	"BNCLCU74DN6L2M9D",
}

// taxCodeNames are valid and agree with the person.
var taxCodeNames = []struct{ surname, name, born, sex, surname3, name3, code string }{
	{"Fo", "Dario", "1926-03-24", "M", "FOX", "DRA", "FOXDRA26C24L731R"},
	{"Rosi", "Anna", "1990-07-01", "F", "RSO", "NNA", "RSONNA90L41F205S"},
	{"D'Amico", "Gianluca", "1968-02-29", "M", "DMC", "GLC", "DMCGLC68B29G273D"},
	{"De Rossi", "Maria Teresa", "1959-11-11", "F", "DRS", "MTR", "DRSMTR59S51A944W"},
	{"Aiuto", "Ea", "2001-01-20", "F", "TAI", "EAX", "TAIEAX01A60H501N"},
	{"Nicolò", "Niccolò", "1947-06-15", "M", "NCL", "NCL", "NCLNCL47H15D969X"},
	{"Müller", "Zoé", "1993-10-31", "F", "MLL", "ZOE", "MLLZOE93R71Z133R"},
	{"Bo", "Io", "1977-12-08", "M", "BOX", "IOX", "BOXIOX77T08L378A"},
	{"Strauss", "Christian", "1982-05-02", "M", "STR", "CRS", "STRCRS82E02Z112D"},
	{"Xu", "Li", "1988-08-18", "F", "XUX", "LIX", "XUXLIX88M58Z210Q"},
	{"Yáñez", "Ñuño", "1971-09-09", "M", "YNZ", "NNU", "YNZNNU71P09Z131B"},
	{"Alù", "Ada", "1964-04-04", "F", "LAU", "DAA", "LAUDAA64D44C351Z"},
	{"Mueller", "Zoé", "1993-10-31", "F", "MLL", "ZOE", "MLLZOE93R71Z133R"}, // written out
}

// taxCodePublic are valid codes from public sources.
var taxCodePublic = []string{
	"MRTNTN23M02D969P",
	"RCCMNL83S18D969H",
	"MRSMSR81D60Z611H",
	"CNTCHR83T41D969D",
	"FOXDRA26C24H872Y",
	"MAILCU91A25F839D",
	"RSSMRA45C12F205C",
	"RSSMRA45C12F20RX",
	"RSSMRA45C12F2L5N",
	"RSSMRA45C12F2LRI",
	"RSSMRAQRCMNFNLRG",
	"RCDLSN84S16D969Z",
	"GDASDV00A01H501J",
}

// taxCodeAgID are the test users of AgID's identity provider.
var taxCodeAgID = []struct{ code, surname, name, born, sex string }{
	{"CSRGGL44L13H501E", "Cesare", "Gaio Giulio", "1944-07-13", "M"},
	{"LVLDAA85T50G702B", "Lovelace", "Ada", "1985-12-10", "F"},
	{"BRGLRZ80D58H501Q", "Borgia", "Lucrezia", "1980-04-18", "F"},
	{"DRCGNN12A46A326K", "D'Arco", "Giovanna", "1912-01-06", "F"},
	{"PLOMRC01P30L736Y", "Polo", "Marco", "2001-09-30", "M"},
	{"MNZLSN99E05F205J", "Manzoni", "Alessandro", "1999-05-05", "M"},
}

var taxCodeInvalid = []struct{ code, reason string }{
	{"BNCLCU74D26L219I", "check"},   // check character off by one
	{"BNCLCU74D26L219", "length"},   // 15 characters
	{"BNCLCU74D26L219HX", "length"}, // 17
	{"BNCLC_74D26L219H", "charset"}, // underscore
	{"BNCLCU74G26L219H", "format"},  // month letter G
	{"BNCLCU74N26L219H", "format"},  // month letter N
	{"BNCLCUK4D26L219H", "format"},  // K is not an omocodia letter
	{"BN0LCU74D26L219H", "format"},  // digit in the surname
	{"BNCLCU74D00L219R", "date"},    // day 00
	{"BNCLCU74D33L219A", "date"},    // day 33
	{"BNCLCU74D81L219Y", "date"},    // day 81 (python-stdnum accepts such values)
	{"BNCLCU74B30L219N", "date"},    // 30 February
	{"BNCLCU73B29L219F", "date"},    // 29 February of a year ending 73
	{"BNCLCU74D71L219X", "date"},    // 31 April, female
	{"BNCLCU74D26L21VH", "check"},   // omocodia letter but check character of the base code
	{"CSTNGL22I10D086I", "format"},  // PUB
	{"FOXDRA26C24H872A", "check"},   // PUB
	{"CNTCHR83T32D969H", "date"},    // PUB
	{"MHASDV02A31H671H", "check"},   // PUB
	{"RCCMNL83S18D969", "length"},   // PUB
	{"CLMCST42R12D969Z", "check"},   // PUB
	{"SMTJNS99C01XXXXK", "format"},  // PUB
}

var taxCodeOther = []struct{ surname, name, born, sex, code, mismatch string }{
	{"Galli", "Roberto", "1969-09-04", "M", "GLLRRT69P03L219Q", "birthdate"},
	{"Gatti", "Roberto", "1969-09-03", "M", "GLLRRT69P03L219Q", "surname"},
	{"Gallo", "Robert", "1969-09-03", "M", "GLLRCC69P03L219W", "name"},
	{"Gallo", "Roberta", "1969-09-03", "F", "GLLRRT69P03L219Q", "sex"},
	{"Gallo", "Roberto", "1970-09-03", "M", "GLLRRT69P03L219Q", "birthdate"},
	{"Gallo", "Roberto", "1969-10-03", "M", "GLLRRT69P03L219Q", "birthdate"},
	{"Roberto", "Gallo", "1969-09-03", "M", "GLLRRT69P03L219Q", "surname"},
	{"Marchetti", "Francesca", "1980-01-01", "F", "MRCFRC80A41L219N", "name"},
	{"Conti", "Andrea", "1955-05-05", "F", "CNTNDR55E05F205C", "sex"},
	{"Fo", "Dario", "1926-03-24", "M", "FOADRA26C24L731T", "surname"},
}

// ahvValid ends with two numbers that differ by a swap the check digit does not see.
var ahvValid = []string{
	"756.9217.0769.85",
	"756.6209.6654.24",
	"756.8707.2297.19",
	"756.0282.2512.39",
	"756.9370.4505.23",
	"756.8559.6654.20",
	"756.5987.4717.46",
	"756.2924.7411.60",
	"756.6773.7319.76",
	"756.6863.3538.66",
	"756.1408.3160.09",
	"756.8699.3467.39",
	"756.8200.2087.23",
	"756.8200.2082.73",
}

var ahvInvalid = []struct{ number, reason string }{
	{"756.9217.0769.84", "check"},   // last digit
	{"756.9217.0796.85", "check"},   // 69→96
	{"756.9271.0769.85", "check"},   // 17→71
	{"756.9217.0768.85", "check"},   // one digit
	{"123.4567.8910.19", "prefix"},  // EAN digit right, prefix wrong
	{"767.9217.0769.81", "prefix"},  // EAN digit right, prefix wrong
	{"756.9217.0769.8", "length"},   // 12 digits
	{"756.9217.0769.850", "length"}, // 14 digits
	{"113.45.627.119", "length"},    // old 11-digit shape
	{"756.9217.07G9.85", "charset"}, // letter
	{"756-9217-0769-85", "charset"}, // hyphens
	{"CH7569217076985", "charset"},  // country letters
}

var nirValid = []string{
	"295109912611193",
	"253072B07300470",
	"253072A07300443",
	"255081416802538",
	"294037512000591",
	"153124500723160",
	"284052A32102552",
	"284052B32102579",
	"284202B32102528",
	"284992B32102531",
	"284058832102532",
	"180127512345642",
	"162082A00411872",
	"279032B03302112",
	"151112005030733",
	"288069712004590",
	"195029910956076",
	"244317511600901",
	"103126938370205",
	"219073306347197",
	"229073306346501",
}

var nirInvalid = []struct{ number, reason string }{
	{"295109912611199", "key"},        // public (python-stdnum)
	{"255081416802500", "key"},        // public (Cnam tests)
	{"255081416802539", "key"},        // public
	{"253072C07300443", "charset"},    // public; C
	{"6546546546546703", "length"},    // public
	{"884058832102523", "sex"},        // public; first digit 8
	{"295139912611144", "month"},      // month 13
	{"295009912611130", "month"},      // month 00
	{"295100012611150", "department"}, // department 00
	{"295109912600010", "order"},      // order 000
	{"2951099126111", "length"},       // key missing
	{"29510991261119O", "charset"},    // letter O
	{"253072A073004A3", "format"},     // A in the key
	{"162082A00411845", "key"},        // key from 20 instead of 19
}

var ibanValid = []string{
	"IT60X0542811101000000123456",
	"CH9300762011623852957",
	"FR1420041010050500013M02606",
	"SM86U0322509800000000270100",
	"LI21088100002324013AA",
	"MC1112739000700011111000H79",
	"IT60A0306909400100000004711",
	"IT63Q0103014200000001234567",
	"IT69A02008053510000A1B2C3D4",
	"IT30O0760103200000012345678",
	"CH0200700110000387896",
	"CH14090000000A1234567",
	"FR7630004008230000012345606",
	"FR4710278056000002A04B71Z92",
	"VA59001123000012345678",
}

var ibanInvalid = []struct{ number, reason string }{
	{"IT60X0542811101000000123457", "check"},    // last digit
	{"IT06X0542811101000000123456", "check"},    // check digits swapped
	{"IT60X054281110100000012345", "length"},    // 26
	{"CH93007620116238529570", "length"},        // 22
	{"FR1420041010050500013M0260", "length"},    // 26
	{"XX6000000000000", "country"},              // unknown country
	{"IT60X05428111O1000000123456", "format"},   // letter O inside CAB
	{"IT60-X0542811101000000123456", "charset"}, // hyphen
	{"CH9300762011623852975", "check"},          // 57→75
	{"IT64Y0542811101000000123456", "national"}, // mod 97 right, CIN wrong
	{"FR8420041010050500013M02607", "national"}, // mod 97 right, RIB key wrong
	{"CH0100762000000000069", "check"},          // remainder is 1, but 01 is not a legal check pair (98 is)
}

// phoneVectors: what a number becomes, or the reason it is refused.
var phoneVectors = []struct{ region, number, e164, reason string }{
	{"IT", "3331234567", "+393331234567", ""},
	{"IT", "+39 333 1234567", "+393331234567", ""},
	{"IT", "0039 347 1234567", "+393471234567", ""},
	{"IT", "320 123 4567", "+393201234567", ""},
	{"IT", "(+39) 366-1234567", "+393661234567", ""},
	{"IT", "+39 391 1234567", "+393911234567", ""},
	{"IT", "+39 3123456789", "+393123456789", ""},
	{"IT", "334 123456", "+39334123456", ""},
	{"IT", "393 123 4567", "+393931234567", ""},
	{"IT", "+393791234567", "+393791234567", ""},
	{"IT", "388.1234567", "+393881234567", ""},
	{"IT", "+39 4312345678", "+394312345678", ""},
	{"IT", "+39 03331234567", "", "not_valid"},
	{"IT", "0333 1234567", "", "not_valid"},
	{"IT", "06 1234 5678", "", "fixed"},
	{"IT", "+39 333 12345", "", "not_valid"},
	{"IT", "+39 333 123456789", "", "voicemail"},
	{"IT", "+39 3001234567", "", "not_valid"},
	{"IT", "800 123456", "", "toll_free"},
	{"IT", "+39 33A1234567", "", "letter"},
	{"IT", "+39 06698 12345", "", "fixed"},
	{"IT", "5331234567", "", "not_valid"},
	{"IT", "199 123456", "", "personal"},
	{"IT", "+3933312345678", "", "voicemail"},
	{"IT", "112", "", "not_valid"},
	{"IT", "333123456O", "", "letter"},
	{"IT", "+41 79 123 45 67", "+41791234567", ""},
	{"CH", "079 123 45 67", "+41791234567", ""},
	{"CH", "+41 79 123 45 67", "+41791234567", ""},
	{"CH", "0041 78 123 45 67", "+41781234567", ""},
	{"CH", "076 123 45 67", "+41761234567", ""},
	{"CH", "+41 77 123 45 67", "+41771234567", ""},
	{"CH", "075 123 45 67", "+41751234567", ""},
	{"CH", "+41791234567", "+41791234567", ""},
	{"CH", "079/123.45.67", "+41791234567", ""},
	{"CH", "073 123 45 67", "+41731234567", ""},
	{"CH", "+41 68 123 45 67", "+41681234567", ""},
	{"CH", "+41 (0)79 123 45 67", "+41791234567", ""},
	{"CH", "069 123 45 67", "+41691234567", ""},
	{"CH", "044 668 18 00", "", "fixed"},
	{"CH", "+41 79 123 45 6", "", "not_valid"},
	{"CH", "+41 79 123 45 678", "", "not_valid"},
	{"CH", "074 012 34 56", "", "pager"},
	{"CH", "0740 12 34 56", "", "pager"},
	{"CH", "+41 0 800 123 456", "", "toll_free"},
	{"CH", "0900 123 456", "", "premium"},
	{"CH", "079 12A 45 67", "", "letter"},
	{"CH", "+41 61 234 56 78", "", "fixed"},
	{"CH", "071 123 45 67", "", "fixed"},
	{"CH", "058 123 45 67", "", "uan"},
	{"CH", "117", "", "not_valid"},
	{"FR", "06 12 34 56 78", "+33612345678", ""},
	{"FR", "+33 6 12 34 56 78", "+33612345678", ""},
	{"FR", "0033 6 12 34 56 78", "+33612345678", ""},
	{"FR", "07 56 78 90 12", "+33756789012", ""},
	{"FR", "+33 7 34 56 78 90", "+33734567890", ""},
	{"FR", "+33 (0)6 12 34 56 78", "+33612345678", ""},
	{"FR", "0681234567", "+33681234567", ""},
	{"FR", "+33685123456", "+33685123456", ""},
	{"FR", "06.23.45.67.89", "+33623456789", ""},
	{"FR", "07-81-23-45-67", "+33781234567", ""},
	{"FR", "+33 6 95 12 34 56", "+33695123456", ""},
	{"FR", "01 42 34 56 78", "", "fixed"},
	{"FR", "+33 6 12 34 56 7", "", "not_valid"},
	{"FR", "+33 6 12 34 56 789", "", "not_valid"},
	{"FR", "08 99 12 34 56", "", "premium"},
	{"FR", "0800 123 456", "", "toll_free"},
	{"FR", "07 00 12 34 56", "", "not_valid"},
	{"FR", "09 12 34 56 78", "", "voip"},
	{"FR", "05 55 12 34 56", "", "fixed"},
	{"FR", "06 12 34 5A 78", "", "letter"},
	{"FR", "6 12 34 56", "", "not_valid"},
	{"FR", "+33 5 12 34 56 78", "", "fixed"},
	{"FR", "0690 12 34 56", "", "not_valid"},
	{"FR", "+590 690 12 34 56", "+590690123456", ""},
	{"FR", "07 02 12 34 56", "", "not_valid"},
	{"FR", "06 38 12 34 56", "+33638123456", ""},
	{"FR", "06 39 12 34 56", "", "not_valid"},
	{"FR", "07 12 34 56 78", "", "not_valid"},
	{"FR", "+377 6 12 34 56 78", "+377612345678", ""},
}
