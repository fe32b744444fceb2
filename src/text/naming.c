/*
 * naming.c
 *		Names made from names: singular, plural, joined and fitted identifiers.
 *
 * This file owns the spelling of identifiers.  It knows nothing of tables:
 * what a role, an association table or a link view is called by default, and
 * what to do when that name is taken, is its callers' business.
 *
 * Singular and plural follow the usual rules of English nouns, as laid out in
 * D. Conway, "An Algorithmic Approach to English Pluralization" (1998), with
 * the plainer plural where there are two ("indexes", "formulas").  Only the
 * last word of an identifier changes, or the one before "of" (bills_of_sale).
 * Words are separated by anything that is not a letter, and by the humps of
 * camelCase.  The tables below are tried in their order and the first that
 * knows the word decides, so an exception stands before its rule:
 *
 *		unchanged		one form for both numbers: series, software
 *		takes_s			plain -s where a rule says otherwise: cache, human
 *		takes_es		plain -es where a rule says otherwise: alias, hero
 *		irregular		a plural of its own: person, people
 *		other_plural	plurals that we read but do not make: indices
 *		singular_rule, plural_rule		endings of all other words
 *
 * Some plurals have two singulars.  We take the one likelier to be a table:
 * axes are of axis, leaves of leaf, bases of basis (but of base in databases
 * and knowledge_bases), media of medium, and data stays data.
 *
 * Identifiers are in the server's encoding.  In all of those a byte without
 * the high bit is an ASCII character, so we need not know which it is: bytes
 * with the high bit set count as letters without case and are never touched,
 * and a name that ends in one is left alone, because it is not English.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "parser/scansup.h"

#include "m2m.h"
#include "text.h"

/*
 * The part of an identifier that is inflected: its last run of letters,
 * without the digits that may follow.  Empty if the identifier ends in
 * something else.
 */
typedef struct LastWord
{
	const char *name;			/* the whole identifier */
	int			name_len;
	int			start;			/* offset of the word's first byte */
	int			len;			/* bytes of the word */
	bool		upper;			/* BOX, as opposed to Box, box, and X */
} LastWord;

/* Two forms of one noun, or two endings. */
typedef struct Spelling
{
	const char *from;
	const char *to;				/* NULL: the word is left as it is */
} Spelling;

/*
 * In the tables of nouns a '*' stands for any beginning, also none ("*child"
 * is child and grandchild), and a '+' for any beginning but none, be it part
 * of the word or words before it ("+base" is database and knowledge_base).
 */

/* Nouns with one form for both numbers, and words that are no nouns. */
static const char *const unchanged[] = {
	/* singulars and plurals in -s, and words that merely look like them */
	"*species", "alms", "always", "as", "asbestos", "barracks", "biceps",
	"bourgeois", "cannabis", "caries", "chamois", "chaos", "chassis",
	"clothes", "corps", "crossroads", "debris", "devops", "diabetes",
	"downstairs", "feces", "forceps", "gallows", "goods", "gratis", "has",
	"headquarters", "herpes", "his", "innings", "is", "its", "jeans", "kudos",
	"means", "measles", "miniseries", "molasses", "mumps", "news", "pajamas",
	"pants", "patois", "perhaps", "pliers", "pyjamas", "quadriceps", "rabies",
	"rendezvous", "scabies", "scissors", "series", "subseries", "sweepstakes",
	"tennis", "this", "timeseries", "triceps", "trousers", "tweezers",
	"underpants", "upstairs", "was", "waterworks", "whereabouts", "whereas",
	/* sciences and the like; topics, metrics, statistics are plain plurals */
	"*acoustics", "*dynamics", "*economics", "*electronics", "*ethics",
	"*genetics", "*informatics", "*physics", "*politics", "aerobics",
	"aeronautics", "analytics", "astronautics", "athletics", "cybernetics",
	"ergonomics", "forensics", "genomics", "gymnastics", "kinetics",
	"linguistics", "logistics", "mathematics", "obstetrics", "optics",
	"pediatrics", "robotics", "semantics", "tectonics", "telematics",
	/* abbreviations */
	"aws", "css", "dns", "gis", "gps", "https", "iaas", "ios", "js", "macos",
	"mls", "ms", "obs", "paas", "pos", "rss", "saas", "sys", "tls", "ts",
	/* animals, vehicles, people */
	"*aircraft", "*deer", "*fish", "*sheep", "bison", "cattle", "cod",
	"hovercraft", "livestock", "moose", "offspring", "personnel", "police",
	"poultry", "salmon", "shrimp", "spacecraft", "staff", "swine", "trout",
	"watercraft", "wildlife",
	/* what is not counted */
	"*data", "*hertz", "*information", "*meta", "*ware", "advice", "baggage",
	"equipment", "evidence", "feedback", "furniture", "homework", "housework",
	"info", "jewellery", "jewelry", "knowledge", "luggage", "machinery",
	"merchandise", "money", "multimedia", "music", "progress", "ramen", "rice",
	"stationery", "traffic", "vitae", "weather"
};

/* Nouns with a plain -s where singular_rule, plural_rule or irregular err. */
static const char *const takes_s[] = {
	/* -che: -ches is otherwise from -ch */
	"*cache", "*fiche", "ache", "avalanche", "backache", "bellyache",
	"brioche", "cartouche", "cliche", "cloche", "creche", "douche", "earache",
	"headache", "heartache", "moustache", "mustache", "niche", "pastiche",
	"porsche", "psyche", "quiche", "stomachache", "toothache", "tranche",
	/* -ie: -ies is otherwise from -y */
	"*calorie", "*cookie", "*movie", "*zombie", "aerie", "auntie", "baddie",
	"barbie", "beanie", "biggie", "birdie", "bogie", "boogie", "bookie",
	"bowtie", "brasserie", "brie", "brownie", "budgie", "cabbie", "caddie",
	"charcuterie", "collie", "coterie", "curie", "cutie", "doggie", "eyrie",
	"folkie", "foodie", "freebie", "genie", "goalie", "groupie", "hankie",
	"hippie", "hoagie", "homie", "hoodie", "hottie", "indie", "junkie",
	"kiddie", "laddie", "lassie", "leftie", "lie", "lingerie", "magpie",
	"meanie", "menagerie", "mountie", "necktie", "newbie", "nightie", "oldie",
	"patisserie", "pie", "pinkie", "pixie", "potpie", "prairie", "preemie",
	"quickie", "reverie", "roadie", "rookie", "rotisserie", "scrunchie",
	"selfie", "sharpie", "shortie", "smoothie", "softie", "sortie", "stymie",
	"sweetie", "talkie", "techie", "tie", "toughie", "townie", "valkyrie",
	"veggie", "vie", "walkie", "wedgie", "weenie", "wheelie", "yuppie",
	/* -oe: -oes is otherwise from -o */
	"*shoe", "aloe", "backhoe", "canoe", "doe", "floe", "foe", "hoe",
	"mistletoe", "oboe", "roe", "sloe", "throe", "tictactoe", "tiptoe", "toe",
	"woe",
	/* -se, -xe: -uses is otherwise from -us, -sses from -ss, -xes from -x */
	"+base", "abuse", "crevasse", "demitasse", "disuse", "excuse", "finesse",
	"fosse", "fuse", "hypotenuse", "impasse", "lacrosse", "masseuse", "misuse",
	"mousse", "muse", "overuse", "pickaxe", "posse", "recluse", "refuse",
	"reuse", "ruse", "use", "wrasse",
	/* -i, -u: -sis, -xis and -us are otherwise singulars */
	"*eau", "*ieu", "*menu", "bayou", "caribou", "cpu", "emu", "flu", "gnu",
	"gpu", "guru", "haiku", "iou", "maxi", "sku", "snafu", "sudoku", "tau",
	"taxi", "tiramisu", "tofu", "tpu", "tutu", "zebu",
	/* -ch spoken as k: -ch otherwise takes -es */
	"*tech", "czech", "epoch", "eunuch", "loch", "mach", "matriarch",
	"monarch", "oligarch", "patriarch", "stomach",
	/* -by: no ending */
	"flyby", "standby",
	/* -man and -men: no men in these */
	"*human", "*umen", "abdomen", "amen", "caiman", "cayman", "cognomen",
	"cyclamen", "doberman", "dolmen", "foramen", "german", "hymen", "norman",
	"omen", "ottoman", "regimen", "roman", "semen", "shaman", "specimen",
	"stamen", "talisman", "walkman"
};

/* Nouns with a plain -es where singular_rule or plural_rule err. */
static const char *const takes_es[] = {
	/* singulars in -s other than -ss, -us, -sis and -xis */
	"*dbms", "*dermis", "*glottis", "*itis", "*polis", "aegis", "alias",
	"atlas", "bias", "biogas", "canvas", "christmas", "chrysalis", "clematis",
	"cms", "cosmos", "dais", "ethos", "gas", "haggis", "ibis", "iris", "lens",
	"lms", "loris", "madras", "mantis", "marquis", "mms", "mythos", "nas",
	"os", "pancreas", "pathos", "pelvis", "penis", "portcullis", "proboscis",
	"pubis", "redis", "rhinoceros", "sms", "summons", "syphilis", "thermos",
	"tms", "trellis", "vps", "wms", "yes",
	/* -z: -zes is otherwise from -ze */
	"topaz",
	/* -o: otherwise takes -s */
	"*hero", "*potato", "*tomato", "echo", "embargo", "mosquito", "tornado",
	"torpedo", "veto", "volcano"
};

/* Nouns with a plural of their own. */
static const Spelling irregular[] = {
	{"*child", "*children"},
	{"*foot", "*feet"},
	{"*man", "*men"},
	{"*person", "*people"},
	{"*tooth", "*teeth"},
	{"die", "dice"},
	{"dormouse", "dormice"},
	{"goose", "geese"},
	{"louse", "lice"},
	{"mouse", "mice"},
	{"ox", "oxen"},
	{"passerby", "passersby"},
	/* a doubled consonant */
	{"*quiz", "*quizzes"},
	{"fez", "fezzes"},
	{"whiz", "whizzes"},
	/* -f, -fe */
	{"*knife", "*knives"},
	{"*leaf", "*leaves"},
	{"*loaf", "*loaves"},
	{"*self", "*selves"},
	{"*shelf", "*shelves"},
	{"*thief", "*thieves"},
	{"*wife", "*wives"},
	{"*wolf", "*wolves"},
	{"afterlife", "afterlives"},
	{"calf", "calves"},
	{"elf", "elves"},
	{"half", "halves"},
	{"hoof", "hooves"},
	{"life", "lives"},
	{"scarf", "scarves"},
	{"sheaf", "sheaves"},
	{"wharf", "wharves"},
	/* -is; for the others plural_rule is enough, but not singular_rule */
	{"*genesis", "*geneses"},
	{"*gnosis", "*gnoses"},
	{"*kinesis", "*kineses"},
	{"*sclerosis", "*scleroses"},
	{"*stasis", "*stases"},
	{"*thesis", "*theses"},
	{"*ysis", "*yses"},
	{"axis", "axes"},
	{"basis", "bases"},
	{"catharsis", "catharses"},
	{"cirrhosis", "cirrhoses"},
	{"crisis", "crises"},
	{"emphasis", "emphases"},
	{"exegesis", "exegeses"},
	{"fibrosis", "fibroses"},
	{"hypnosis", "hypnoses"},
	{"meiosis", "meioses"},
	{"metamorphosis", "metamorphoses"},
	{"mitosis", "mitoses"},
	{"necrosis", "necroses"},
	{"nemesis", "nemeses"},
	{"neurosis", "neuroses"},
	{"oasis", "oases"},
	{"osmosis", "osmoses"},
	{"osteoporosis", "osteoporoses"},
	{"prophylaxis", "prophylaxes"},
	{"psoriasis", "psoriases"},
	{"psychosis", "psychoses"},
	{"sepsis", "sepses"},
	{"silicosis", "silicoses"},
	{"stenosis", "stenoses"},
	{"symbiosis", "symbioses"},
	{"synopsis", "synopses"},
	{"testis", "testes"},
	{"thrombosis", "thromboses"},
	{"tuberculosis", "tuberculoses"},
	/* -ex, -ix */
	{"*matrix", "*matrices"},
	{"*vertex", "*vertices"},
	{"appendix", "appendices"},
	{"codex", "codices"},
	{"cortex", "cortices"},
	{"helix", "helices"},
	{"vortex", "vortices"},
	/* -um; the plural of datum is unchanged */
	{"addendum", "addenda"},
	{"bacterium", "bacteria"},
	{"curriculum", "curricula"},
	{"datum", "data"},
	{"erratum", "errata"},
	{"medium", "media"},
	{"memorandum", "memoranda"},
	{"millennium", "millennia"},
	{"ovum", "ova"},
	{"quantum", "quanta"},
	{"spectrum", "spectra"},
	{"stratum", "strata"},
	{"symposium", "symposia"},
	/* -on */
	{"*hedron", "*hedra"},
	{"*criterion", "*criteria"},
	{"automaton", "automata"},
	{"ganglion", "ganglia"},
	{"phenomenon", "phenomena"},
	{"taxon", "taxa"},
	/* -us */
	{"alumnus", "alumni"},
	{"bacillus", "bacilli"},
	{"cactus", "cacti"},
	{"corpus", "corpora"},
	{"fungus", "fungi"},
	{"genus", "genera"},
	{"locus", "loci"},
	{"nucleus", "nuclei"},
	{"radius", "radii"},
	{"stimulus", "stimuli"},
	/* -a */
	{"alga", "algae"},
	{"alumna", "alumnae"},
	{"larva", "larvae"},
	{"nebula", "nebulae"},
	{"vertebra", "vertebrae"}
};

/* Plurals that we understand but do not make; the plural comes first here. */
static const Spelling other_plural[] = {
	{"*eaux", "*eau"},
	{"antennae", "antenna"},
	{"apices", "apex"},
	{"aquaria", "aquarium"},
	{"busses", "bus"},
	{"dies", "die"},
	{"dwarves", "dwarf"},
	{"foci", "focus"},
	{"formulae", "formula"},
	{"fora", "forum"},
	{"gasses", "gas"},
	{"hippopotami", "hippopotamus"},
	{"indices", "index"},
	{"maxima", "maximum"},
	{"minima", "minimum"},
	{"moduli", "modulus"},
	{"monies", "money"},
	{"octopi", "octopus"},
	{"optima", "optimum"},
	{"personae", "persona"},
	{"referenda", "referendum"},
	{"schemata", "schema"},
	{"stadia", "stadium"},
	{"syllabi", "syllabus"},
	{"termini", "terminus"}
};

/* Endings of plurals, behind those of singulars that end in -s too. */
static const Spelling singular_rule[] = {
	{"ss", NULL},				/* class */
	{"us", NULL},				/* status */
	{"sis", NULL},				/* analysis */
	{"xis", NULL},				/* praxis */
	{"ies", "y"},				/* category */
	{"sses", "ss"},				/* address */
	{"shes", "sh"},				/* dish */
	{"ches", "ch"},				/* branch */
	{"xes", "x"},				/* box */
	{"zzes", "zz"},				/* buzz */
	{"tzes", "tz"},				/* waltz */
	{"auses", "ause"},			/* clause */
	{"ouses", "ouse"},			/* house */
	{"uses", "us"},				/* bus */
	{"oes", "o"},				/* cargo */
	{"s", ""}					/* book, page, day */
};

/* Endings of singulars.  The last one fits every word. */
static const Spelling plural_rule[] = {
	{"sis", "ses"},				/* halitosis */
	{"xis", "xes"},				/* praxis */
	{"s", "ses"},				/* class */
	{"x", "xes"},				/* box */
	{"z", "zes"},				/* waltz */
	{"ch", "ches"},				/* branch */
	{"sh", "shes"},				/* dish */
	{"ay", "ays"},				/* day */
	{"ey", "eys"},				/* key */
	{"oy", "oys"},				/* boy */
	{"quy", "quies"},			/* soliloquy */
	{"uy", "uys"},				/* guy */
	{"y", "ies"},				/* category */
	{"", "s"}					/* book */
};

static char *make_plural(const char *name);
static int	head_before_of(const char *name);
static void find_last_word(const char *name, LastWord *word);
static bool starts_word(const char *name, int end, int i);
static bool matches(const LastWord *word, const char *noun,
					const char *ending);
static bool matches_any(const LastWord *word, const char *const *nouns,
						int n_nouns, const char *ending);
static char *respell(const LastWord *word, const char *from, const char *to);
static char *respell_ending(const LastWord *word, const Spelling *rules,
							int n_rules);

#define MATCHES_ANY(word, table, ending) \
	matches_any(word, table, lengthof(table), ending)

#define IS_LOWER(c)		((c) >= 'a' && (c) <= 'z')
#define IS_UPPER(c)		((c) >= 'A' && (c) <= 'Z')
#define IS_DIGIT(c)		((c) >= '0' && (c) <= '9')
#define IS_LETTER(c)	(IS_LOWER(c) || IS_UPPER(c) || IS_HIGHBIT_SET(c))

/*
 * The singular of an identifier: "users" -> "user", "BlogPosts" -> "BlogPost".
 *
 * A name that is no plural, or that we cannot read as an English one, comes
 * back as it is.  The result is palloc'd.
 */
char *
m2m_name_singular(const char *name)
{
	LastWord	word;
	size_t		i;
	int			head = head_before_of(name);

	if (head == (int) strlen(name))
		return pstrdup(name);
	if (head > 0)
		return psprintf("%s%s", m2m_name_singular(pnstrdup(name, head)),
						name + head);
	find_last_word(name, &word);

	/* not a word, a word with a number behind it, or no English word */
	if (word.len == 0 ||
		word.start + word.len < word.name_len ||
		IS_HIGHBIT_SET(name[word.name_len - 1]))
		return pstrdup(name);

	/* a lone s is the plural ending of a number, see make_plural */
	if (matches(&word, "s", ""))
	{
		if (word.start > 0 && IS_DIGIT(name[word.start - 1]))
			return respell(&word, "s", "");
		return pstrdup(name);
	}

	if (MATCHES_ANY(&word, unchanged, ""))
		return pstrdup(name);

	if (MATCHES_ANY(&word, takes_s, "") || MATCHES_ANY(&word, takes_es, ""))
		return pstrdup(name);
	if (MATCHES_ANY(&word, takes_s, "s"))
		return respell(&word, "s", "");
	if (MATCHES_ANY(&word, takes_es, "es"))
		return respell(&word, "es", "");

	for (i = 0; i < lengthof(irregular); i++)
	{
		if (matches(&word, irregular[i].from, ""))
			return pstrdup(name);
		if (matches(&word, irregular[i].to, ""))
			return respell(&word, irregular[i].to, irregular[i].from);
	}

	for (i = 0; i < lengthof(other_plural); i++)
	{
		if (matches(&word, other_plural[i].from, ""))
			return respell(&word, other_plural[i].from, other_plural[i].to);
	}

	return respell_ending(&word, singular_rule, lengthof(singular_rule));
}

/*
 * The plural of a role: as the name of its table has it, if that is a plural
 * of the role ("person" -> "persons" for a table "persons") or of the role's
 * end ("to_person" -> "to_persons").  Else by the rules.
 */
char *
m2m_name_plural(const char *role, const char *table)
{
	char	   *singular = m2m_name_singular(table);
	int			start = strlen(role) - strlen(singular);

	if (strcmp(singular, table) != 0 && start >= 0 &&
		strcmp(role + start, singular) == 0 &&
		(start == 0 || !IS_LETTER(role[start - 1])))
		return psprintf("%.*s%s", start, role, table);
	return make_plural(role);
}

/*
 * Two names joined by an underscore: "author", "book" -> "author_book".
 *
 * What is too long for an identifier is shortened as PostgreSQL shortens the
 * names that it makes up: the longer part first, whole characters, silently.
 * The result is palloc'd.
 */
char *
m2m_name_join(const char *first, const char *second)
{
	return makeObjectName(first, second, NULL);
}

/*
 * The same, or, with humps, without the underscore, if it need not be
 * shortened: "Playlist", "tracks" -> "PlaylistTracks".
 */
char *
m2m_name_join_as(const char *first, const char *second, bool humps)
{
	if (!humps || strlen(first) + strlen(second) >= NAMEDATALEN)
		return m2m_name_join(first, second);
	return psprintf("%s%c%s", first,
					pg_ascii_toupper((unsigned char) second[0]), second + 1);
}

/*
 * Something of something: "books", "author" -> "books_of_author".  Too long
 * for an identifier, it is shortened as any joined name.
 */
char *
m2m_name_of(const char *first, const char *second, bool humps)
{
	LastWord	word;

	if (humps)
		return m2m_name_join_as(m2m_name_join_as(first, "of", true), second,
								true);
	find_last_word(second, &word);

	return m2m_name_join(first, psprintf("%s_%s", word.upper ? "OF" : "of",
										 second));
}

/*
 * Is a name made of its parts by humps, so that others of them should be, too?
 * "PlaylistTrack" of "Playlist" and "Track" is; playlist_track is not, nor is
 * what has parts that are joined otherwise, or all in lower case.  Underscores
 * in front do not count ("_PostToTag").
 */
bool
m2m_name_has_humps(const char *name, char *part[2])
{
	const char *word[3] = {name, part[0], part[1]};
	int			n_upper[3] = {0, 0, 0};
	int			n_lower[3] = {0, 0, 0};

	while (*word[0] == '_')
		word[0]++;
	for (size_t i = 0; i < lengthof(word); i++)
	{
		for (const char *c = word[i]; *c != '\0'; c++)
		{
			if (!IS_LETTER(*c) && !IS_DIGIT(*c))
				return false;
			n_upper[i] += IS_UPPER(*c) ? 1 : 0;
			n_lower[i] += IS_LOWER(*c) ? 1 : 0;
		}
	}

	return n_upper[0] > 0 && n_lower[0] > 0 &&
		((n_upper[1] > 0 && n_lower[1] > 0) ||
		 (n_upper[2] > 0 && n_lower[2] > 0));
}

/*
 * An identifier in lower case with underscores: "BlogPost" -> "blog_post".
 * What is lower case already stays as it is.  The result is palloc'd.
 */
char *
m2m_name_snake(const char *name)
{
	int			end = strlen(name);
	char	   *result = palloc(2 * end + 1);
	char	   *p = result;

	for (int i = 0; i < end; i++)
	{
		if (i > 0 && IS_LETTER(name[i - 1]) && starts_word(name, end, i))
			*p++ = '_';
		*p++ = pg_ascii_tolower((unsigned char) name[i]);
	}
	*p = '\0';
	return result;
}

/*
 * An identifier in humps, the first letter one, too: "blog_post" -> "BlogPost".
 * The result is palloc'd.
 */
char *
m2m_name_pascal(const char *name)
{
	char	   *result = palloc(strlen(name) + 1);
	char	   *p = result;

	for (const char *c = name; *c != '\0'; c++)
	{
		if (*c == '_')
			continue;
		*p++ = c == name || c[-1] == '_' ?
			pg_ascii_toupper((unsigned char) *c) : *c;
	}
	*p = '\0';
	return result;
}

/*
 * What a column's name says besides the name of the key that it holds:
 * "editor_id", "id" -> "editor"; "editorId", "id" -> "editor".  NULL if it does
 * not end in that, or has nothing else.  A part of a name in humps begins as
 * the table that the key is of: "Editor" for "Users".
 */
char *
m2m_name_without(const char *column, const char *key, const char *table)
{
	int			len = strlen(column) - strlen(key);
	const char *tail = column + len;
	char	   *name;

	if (len < 1)
		return NULL;
	if (tail[-1] == '_' && strcmp(tail, key) == 0)
		return len > 1 ? pnstrdup(column, len - 1) : NULL;

	/* editorId, EditorID of id or ID */
	if (!(IS_LOWER(tail[-1]) || IS_DIGIT(tail[-1])) || !IS_UPPER(tail[0]) ||
		(unsigned char) tail[0] != pg_ascii_toupper((unsigned char) key[0]) ||
		pg_strcasecmp(tail, key) != 0)
		return NULL;
	name = pnstrdup(column, len);
	if (IS_UPPER(table[0]))
		name[0] = pg_ascii_toupper((unsigned char) name[0]);

	return name;
}

/*
 * An identifier that the user gave in the named argument, made to fit as
 * PostgreSQL does it with any identifier: truncated, with a NOTICE.
 *
 * Raises ERRCODE_INVALID_NAME for an empty one.  The result is palloc'd.
 */
char *
m2m_name_fit(const char *given, const char *argument)
{
	char	   *name;

	if (given[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("argument \"%s\" must not be an empty name",
						argument)));

	name = pstrdup(given);
	truncate_identifier(name, strlen(name), true);

	return name;
}

/*
 * The plural of an identifier: "book" -> "books", "to_person" -> "to_people".
 *
 * What m2m_name_singular would change is a plural already and comes back as
 * it is, and so does a name whose end is no English word.  A number takes -s
 * ("table2s"): the plural of a role should differ from the role, because else
 * a link view would want the name of the association table.  The result is
 * palloc'd, and can be longer than an identifier may be.
 */
static char *
make_plural(const char *name)
{
	LastWord	word;
	char	   *singular;
	char	   *result;
	size_t		i;
	int			head = head_before_of(name);

	if (head == (int) strlen(name))
		return pstrdup(name);
	if (head > 0)
		return psprintf("%s%s", make_plural(pnstrdup(name, head)),
						name + head);
	find_last_word(name, &word);

	if (word.start + word.len < word.name_len)
	{
		int			end = word.start + word.len;

		if (end > 0 && IS_HIGHBIT_SET(name[end - 1]))
			return pstrdup(name);
		return respell(&word, "", "s");
	}

	if (word.len == 0 || IS_HIGHBIT_SET(name[word.name_len - 1]))
		return pstrdup(name);

	if (MATCHES_ANY(&word, unchanged, ""))
		return pstrdup(name);

	singular = m2m_name_singular(name);
	if (strcmp(singular, name) != 0)
	{
		pfree(singular);
		return pstrdup(name);
	}
	pfree(singular);

	if (MATCHES_ANY(&word, takes_s, ""))
		return respell(&word, "", "s");
	if (MATCHES_ANY(&word, takes_es, ""))
		return respell(&word, "", "es");

	for (i = 0; i < lengthof(irregular); i++)
	{
		if (matches(&word, irregular[i].from, ""))
			return respell(&word, irregular[i].from, irregular[i].to);
	}

	result = respell_ending(&word, plural_rule, lengthof(plural_rule));

	/* an abbreviation in a hump takes a small -s: UserURLs */
	if (word.upper && word.start > 0 && IS_LOWER(name[word.start - 1]) &&
		strlen(result) == (size_t) word.name_len + 1)
		result[word.name_len] = 's';
	return result;
}

/*
 * How many bytes of a name stand before " of " and one last word
 * (bill_of_materials, BillOfMaterials); 0 if it is not of that kind.  Terms of
 * something are always many: all of the name, nothing of which changes.
 */
static int
head_before_of(const char *name)
{
	LastWord	word;
	int			start;
	int			end;

	find_last_word(name, &word);
	for (end = word.start; end > 0 && !IS_LETTER(name[end - 1]); end--)
		;
	start = end - 2;
	if (word.len == 0 || start <= 0 ||
		pg_ascii_tolower((unsigned char) name[start]) != 'o' ||
		pg_ascii_tolower((unsigned char) name[start + 1]) != 'f' ||
		(IS_LETTER(name[start - 1]) &&
		 !(IS_UPPER(name[start]) && IS_LOWER(name[start - 1]))))
		return 0;
	for (end = start; end > 0 && !IS_LETTER(name[end - 1]) &&
		 !IS_DIGIT(name[end - 1]); end--)
		;
	if (end >= 5 && pg_strncasecmp(name + end - 5, "terms", 5) == 0)
		return word.name_len;
	return end;
}

/*
 * Find the last word of a name.
 */
static void
find_last_word(const char *name, LastWord *word)
{
	int			n_upper = 0;
	int			n_lower = 0;
	int			end;
	int			start;

	word->name = name;
	word->name_len = strlen(name);

	end = word->name_len;
	while (end > 0 && IS_DIGIT(name[end - 1]))
		end--;

	start = end;
	while (start > 0 && IS_LETTER(name[start - 1]))
	{
		start--;
		if (IS_UPPER(name[start]))
			n_upper++;
		else if (IS_LOWER(name[start]))
			n_lower++;
		if (starts_word(name, end, start))
			break;
	}

	word->start = start;
	word->len = end - start;
	word->upper = (n_upper > 0 && n_lower == 0 && word->len > 1);
}

/*
 * Does the letter at offset i of a name, whose letters end before offset end,
 * start a word of its own because of its case?
 *
 * It does behind a letter that is not upper case (blogPosts), and where upper
 * case turns into lower (HTTPServers).  But an abbreviation with a plural
 * ending stays whole (APIs, SMSes).
 */
static bool
starts_word(const char *name, int end, int i)
{
	if (i == 0 || !IS_UPPER(name[i]))
		return false;
	if (!IS_UPPER(name[i - 1]))
		return true;			/* which is no letter, or one before a hump */
	if (i + 1 >= end || !IS_LOWER(name[i + 1]))
		return false;

	if (end - i == 2 && name[i + 1] == 's')
		return false;
	if (end - i == 3 && name[i + 1] == 'e' && name[i + 2] == 's')
		return false;

	return true;
}

/*
 * Is the word this noun of our tables, '*' and '+' as explained there, with
 * this ending behind it?  The word's case does not matter.
 */
static bool
matches(const LastWord *word, const char *noun, const char *ending)
{
	const char *tail;
	int			noun_len;
	int			ending_len = strlen(ending);
	int			len;
	int			i;
	char		mark = '\0';

	if (*noun == '*' || *noun == '+')
		mark = *noun++;
	noun_len = strlen(noun);
	len = noun_len + ending_len;

	if (word->len < len)
		return false;
	if (mark == '\0' && word->len > len)
		return false;
	if (mark == '+' && word->start + word->len == len)
		return false;

	tail = word->name + word->start + word->len - len;
	for (i = 0; i < len; i++)
	{
		char		c = i < noun_len ? noun[i] : ending[i - noun_len];

		if (pg_ascii_tolower((unsigned char) tail[i]) != (unsigned char) c)
			return false;
	}

	return true;
}

/*
 * Is the word one of these nouns, with this ending behind it?
 */
static bool
matches_any(const LastWord *word, const char *const *nouns, int n_nouns,
			const char *ending)
{
	int			i;

	for (i = 0; i < n_nouns; i++)
	{
		if (matches(word, nouns[i], ending))
			return true;
	}

	return false;
}

/*
 * The word's name with "to" in place of "from", in which it is known to end.
 *
 * Letters that both begin with stay as they are written.  New ones are in
 * upper case if the word is, and in lower case otherwise: since the two forms
 * of a noun always begin alike, its capital is never among the new letters.
 */
static char *
respell(const LastWord *word, const char *from, const char *to)
{
	char	   *result;
	char	   *p;
	int			kept;

	while (*from != '\0' && *from == *to)
	{
		from++;
		to++;
	}
	kept = word->name_len - strlen(from);

	result = palloc(kept + strlen(to) + 1);
	memcpy(result, word->name, kept);
	for (p = result + kept; *to != '\0'; to++)
		*p++ = word->upper ? pg_ascii_toupper((unsigned char) *to) : *to;
	*p = '\0';

	return result;
}

/*
 * The word's name respelled by the first rule whose ending the word has, or as
 * it is if there is none.  An ending is respelled only behind another letter.
 */
static char *
respell_ending(const LastWord *word, const Spelling *rules, int n_rules)
{
	const char *end = word->name + word->start + word->len;
	int			i;

	for (i = 0; i < n_rules; i++)
	{
		const char *ending = rules[i].from;
		int			len = strlen(ending);
		int			j;

		if (word->len < len)
			continue;
		for (j = 0; j < len; j++)
		{
			if (pg_ascii_tolower((unsigned char) end[j - len]) !=
				(unsigned char) ending[j])
				break;
		}
		if (j < len)
			continue;

		if (rules[i].to == NULL)
			break;
		if (word->len == len)
			continue;			/* nothing would be left to inflect */
		return respell(word, ending, rules[i].to);
	}

	return pstrdup(word->name);
}
