/*
 * api_diagram.c
 *		The SQL function that draws relationships: text for programs that make
 *		pictures of it.
 *
 * A box for each table with the columns that a relationship is made of, and
 * for each relationship two lines, from its endpoints to its association, each
 * with the link view that goes this way.  Two formats: Mermaid's (erDiagram),
 * which GitHub and others show within Markdown, and Graphviz's dot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_constraint.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "m2m.h"
#include "text.h"

/* What a relationship makes of a column. */
#define COLUMN_KEY		0x01	/* an endpoint's key */
#define COLUMN_LINK		0x02	/* holds one, in an association */
#define COLUMN_IDENTITY	0x04	/* tells links apart */
#define COLUMN_PROPERTY	0x08
#define COLUMN_SHARED	0x10	/* holds both endpoints' keys, or a part */
#define COLUMN_DELETED	0x20	/* says that a row is no link any more */

/* A box. */
typedef struct Box
{
	Oid			relid;
	char	   *name;			/* as shown */
	int			last;			/* attribute number that has any */
	uint8	   *column;			/* of attribute number, bits as above */
	char	   *condition;		/* by which rows are links; NULL: all are */
} Box;

/* A picture. */
typedef struct Diagram
{
	Oid			schema;			/* names in it are shown without it */
	List	   *relationships;	/* M2mRelationship, in order */
	List	   *boxes;			/* Box, in order */
	StringInfoData text;
} Diagram;

static void read_relationships(Diagram *diagram, Oid schema);
static bool touches(M2mRelationship *rel, Oid schema);
static void add_boxes(Diagram *diagram, M2mRelationship *rel);
static void mark(Box *box, AttrNumber attnum, int bits);
static Box *box_of(Diagram *diagram, Oid relid);
static char *shown_name(Diagram *diagram, Oid relid);
static int	compare_relationships(const ListCell *a, const ListCell *b);
static int	compare_boxes(const ListCell *a, const ListCell *b);
static const char *line_label(Diagram *diagram, M2mRelationship *rel,
							  M2mSide side);
static char *column_note(Box *box, int attnum);
static void draw_mermaid(Diagram *diagram);
static void append_mermaid_text(StringInfo text, const char *string);
static void append_mermaid_word(StringInfo text, const char *string);
static bool mermaid_takes(const char *c, int length);
static int	char_length(const char *c);
static void draw_dot(Diagram *diagram);
static void append_dot_id(StringInfo text, const char *string);
static void append_dot_text(StringInfo text, const char *string);

PG_FUNCTION_INFO_V1(m2m_diagram);

/*
 * m2m_diagram(schema, format): the relationships that have a table in a schema,
 * or all, as a text to be drawn.  Errors: 3F000 no such schema; 22023 no such
 * format.
 */
Datum
m2m_diagram(PG_FUNCTION_ARGS)
{
	Diagram		diagram;
	Oid			schema = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	char	   *format = PG_ARGISNULL(1) ? pstrdup("mermaid") :
		text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		dot = pg_strcasecmp(format, "dot") == 0;

	if (!dot && pg_strcasecmp(format, "mermaid") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for argument \"format\": \"%s\"",
						format),
				 errhint("Available values: mermaid, dot.")));
	if (OidIsValid(schema) && get_namespace_name(schema) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema with OID %u does not exist", schema)));

	memset(&diagram, 0, sizeof(diagram));
	initStringInfo(&diagram.text);
	read_relationships(&diagram, schema);
	if (dot)
		draw_dot(&diagram);
	else
		draw_mermaid(&diagram);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(diagram.text.data,
											  diagram.text.len));
}

/*
 * read_relationships: the relationships to be drawn and their tables, in an
 * order that only names decide.  Locks nothing.
 */
static void
read_relationships(Diagram *diagram, Oid schema)
{
	bool		one_schema = true;
	ListCell   *lc;

	foreach(lc, m2m_catalog_associations())
	{
		M2mRelationship *rel =
			m2m_catalog_read_relationship(lfirst_oid(lc), InvalidOid, NULL);

		if (rel != NULL && (!OidIsValid(schema) || touches(rel, schema)))
		{
			Oid			in = get_rel_namespace(rel->association);

			diagram->relationships = lappend(diagram->relationships, rel);
			if (!OidIsValid(diagram->schema))
				diagram->schema = in;
			one_schema &= diagram->schema == in;
			for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
				one_schema &= diagram->schema ==
					get_rel_namespace(rel->side[s].relid);
		}
		CHECK_FOR_INTERRUPTS();
	}

	/* never by the search_path: a text in a repository should stay the same */
	if (OidIsValid(schema))
		diagram->schema = schema;
	else if (!one_schema)
		diagram->schema = InvalidOid;
	foreach(lc, diagram->relationships)
		add_boxes(diagram, lfirst(lc));
	list_sort(diagram->boxes, compare_boxes);
	list_sort(diagram->relationships, compare_relationships);
}

/* touches: is one of the relationship's tables in the schema? */
static bool
touches(M2mRelationship *rel, Oid schema)
{
	return get_rel_namespace(rel->association) == schema ||
		get_rel_namespace(rel->side[M2M_LEFT].relid) == schema ||
		get_rel_namespace(rel->side[M2M_RIGHT].relid) == schema;
}

/* add_boxes: what the relationship makes of its tables' columns. */
static void
add_boxes(Diagram *diagram, M2mRelationship *rel)
{
	Box		   *box = box_of(diagram, rel->association);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
			mark(box, rel->side[s].key[i].link_attnum,
				 COLUMN_LINK | COLUMN_IDENTITY |
				 (rel->side[s].key[i].shared > 0 ? COLUMN_SHARED : 0));
	}

	/* nothing is locked, so a column may be gone by now */
	if (rel->deleted != 0 &&
		get_attname(rel->association, rel->deleted, true) != NULL)
	{
		mark(box, rel->deleted, COLUMN_DELETED);
		box->condition = m2m_live_condition(rel, NULL);
	}
	for (int i = 0; i < rel->nproperties; i++)
		mark(box, rel->property[i], COLUMN_PROPERTY);
	for (int i = 0; i < rel->nidentity; i++)
		mark(box, rel->identity_column[i].attnum, COLUMN_IDENTITY);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		box = box_of(diagram, rel->side[s].relid);
		for (int i = 0; i < rel->side[s].nkeys; i++)
			mark(box, rel->side[s].key[i].attnum, COLUMN_KEY);
	}
}

/* mark: notes what a relationship makes of a column. */
static void
mark(Box *box, AttrNumber attnum, int bits)
{
	box->column[attnum] |= bits;
	box->last = Max(box->last, attnum);
}

/* box_of: the box of a table, a new one if need be. */
static Box *
box_of(Diagram *diagram, Oid relid)
{
	Box		   *box;
	ListCell   *lc;

	foreach(lc, diagram->boxes)
	{
		box = lfirst(lc);
		if (box->relid == relid)
			return box;
	}
	box = palloc(sizeof(Box));
	box->relid = relid;
	box->name = shown_name(diagram, relid);
	box->last = 0;
	box->column = palloc0(MaxHeapAttributeNumber + 1);
	box->condition = NULL;
	diagram->boxes = lappend(diagram->boxes, box);
	return box;
}

/*
 * shown_name: a relation's name as it is, with its schema's before it where
 * that is not the diagram's.  It may be that of nothing any more.
 */
static char *
shown_name(Diagram *diagram, Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	if (name == NULL || schema == NULL)
		return pstrdup("?");
	return get_rel_namespace(relid) == diagram->schema ? name :
		psprintf("%s.%s", schema, name);
}

/* compare_relationships: by their associations, as they stand in \d */
static int
compare_relationships(const ListCell *a, const ListCell *b)
{
	Diagram		all = {0};
	M2mRelationship *first = lfirst(a);
	M2mRelationship *second = lfirst(b);

	return strcmp(shown_name(&all, first->association),
				  shown_name(&all, second->association));
}

/* compare_boxes: by name. */
static int
compare_boxes(const ListCell *a, const ListCell *b)
{
	return strcmp(((Box *) lfirst(a))->name, ((Box *) lfirst(b))->name);
}

/*
 * line_label: what stands at the line from a side to the association: the link
 * view that starts there, or, where that was dropped, the role.
 */
static const char *
line_label(Diagram *diagram, M2mRelationship *rel, M2mSide side)
{
	Oid			view = rel->side[side].view;

	if (!OidIsValid(view) || get_rel_name(view) == NULL)
		return rel->side[side].role;
	return shown_name(diagram, view);
}

/* column_note: what the relationship makes of a column, if that is not seen. */
static char *
column_note(Box *box, int attnum)
{
	static const struct
	{
		int			bit;
		const char *note;
	}			notes[] = {
		{COLUMN_PROPERTY, "property"},
		{COLUMN_IDENTITY, "identity"},
		{COLUMN_SHARED, "shared"}
	};
	StringInfoData note;

	initStringInfo(&note);
	for (size_t i = 0; i < lengthof(notes); i++)
	{
		if (box->column[attnum] & notes[i].bit)
			appendStringInfo(&note, "%s%s", note.len > 0 ? ", " : "",
							 notes[i].note);
	}
	if (box->column[attnum] & COLUMN_DELETED)
		appendStringInfo(&note, "%slinked: %s", note.len > 0 ? ", " : "",
						 box->condition);
	return note.len > 0 ? note.data : NULL;
}

/*
 * draw_mermaid: an erDiagram.  Names of tables are always quoted, so that no
 * word of Mermaid's is one of them.
 */
static void
draw_mermaid(Diagram *diagram)
{
	StringInfo text = &diagram->text;
	ListCell   *lc;

	appendStringInfoString(text, "erDiagram\n");
	foreach(lc, diagram->boxes)
	{
		Box		   *box = lfirst(lc);
		Oid			constraint;
		Bitmapset  *primary = get_primary_key_attnos(box->relid, true,
													 &constraint);

		appendStringInfoString(text, "    \"");
		append_mermaid_text(text, box->name);
		appendStringInfoString(text, "\" {\n");
		for (int a = 1; a <= box->last; a++)
		{
			int			bits = box->column[a];
			char	   *name = get_attname(box->relid, a, true);
			StringInfoData word;
			char	   *note = column_note(box, a);
			const char *comma = "";

			if (bits == 0 || name == NULL)
				continue;
			initStringInfo(&word);
			append_mermaid_word(&word, name);
			appendStringInfoString(text, "        ");
			append_mermaid_word(text,
								format_type_be(get_atttype(box->relid, a)));
			appendStringInfo(text, " %s", word.data);
			if (bits & COLUMN_KEY)
			{
				appendStringInfoString(text,
									   bms_is_member(a - FirstLowInvalidHeapAttributeNumber,
													 primary) ? " PK" : " UK");
				comma = ",";
			}
			if (bits & COLUMN_LINK)
				appendStringInfo(text, "%s FK", comma);
			if (note != NULL || strcmp(word.data, name) != 0)
				appendStringInfoString(text, " \"");
			if (strcmp(word.data, name) != 0)
			{
				/* a word has only some letters; the name is in the comment */
				append_mermaid_text(text, name);
				if (note != NULL)
					appendStringInfoString(text, ": ");
			}
			if (note != NULL)
				append_mermaid_text(text, note);
			if (note != NULL || strcmp(word.data, name) != 0)
				appendStringInfoChar(text, '"');
			appendStringInfoChar(text, '\n');
		}
		appendStringInfoString(text, "    }\n");
	}
	foreach(lc, diagram->relationships)
	{
		M2mRelationship *rel = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			appendStringInfoString(text, "    \"");
			append_mermaid_text(text, shown_name(diagram, rel->side[s].relid));
			appendStringInfoString(text, "\" ||--o{ \"");
			append_mermaid_text(text, shown_name(diagram, rel->association));
			appendStringInfoString(text, "\" : \"");
			append_mermaid_text(text, line_label(diagram, rel, s));
			appendStringInfoString(text, "\"\n");
		}
	}
}

/*
 * append_mermaid_text: within quotes; what may not stand there, by its number.
 * "direction TB" is an instruction wherever it stands in a line.
 */
static void
append_mermaid_text(StringInfo text, const char *string)
{
	bool		spaces = true;

	for (const char *c = string; *c != '\0' && spaces; c++)
		spaces = pg_strncasecmp(c, "direction", 9) != 0;
	for (const char *c = string; *c != '\0'; c++)
	{
		if (strchr("\"#%\\;<>", *c) != NULL || (unsigned char) *c < ' ' ||
			(*c == ' ' && !spaces))
			appendStringInfo(text, "#%d;", (unsigned char) *c);
		else
			appendStringInfoChar(text, *c);
	}
}

/*
 * append_mermaid_word: one word for a column or type, with underscores for what
 * Mermaid does not take in one.
 */
static void
append_mermaid_word(StringInfo text, const char *string)
{
	static const char *const keys[] = {"pk", "fk", "uk"};
	bool		apart = !mermaid_takes(string, char_length(string)) ||
		strchr("0123456789[]", *string) != NULL;

	for (size_t i = 0; i < lengthof(keys); i++)
	{
		/* PK-1 begins with a key's mark, too */
		apart |= pg_strncasecmp(string, keys[i], 2) == 0 &&
			(string[2] == '\0' ||
			 !mermaid_takes(string + 2, char_length(string + 2)) ||
			 IS_HIGHBIT_SET(string[2]) || strchr("[]", string[2]) != NULL);
	}
	if (apart)
		appendStringInfoChar(text, '_');
	for (const char *c = string; *c != '\0'; c += char_length(c))
	{
		if (mermaid_takes(c, char_length(c)))
			appendBinaryStringInfo(text, c, char_length(c));
		else
			appendStringInfoChar(text, '_');
	}
}

/* mermaid_takes: may a character stand in a word? */
static bool
mermaid_takes(const char *c, int length)
{
	if (length <= 1)
		return (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || *c == '_' || *c == '[' || *c == ']';
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		pg_wchar	code = utf8_to_unicode((const unsigned char *) c);

		return code >= 0xc0 && code <= 0xffff && code != 0xd7 && code != 0xf7;
	}
	return false;
}

/* char_length: bytes of a character, none behind the end of its string. */
static int
char_length(const char *c)
{
	return strnlen(c, pg_encoding_mblen(GetDatabaseEncoding(), c));
}

/* draw_dot: a directed graph, from endpoints to associations. */
static void
draw_dot(Diagram *diagram)
{
	StringInfo text = &diagram->text;
	ListCell   *lc;

	appendStringInfoString(text, "digraph m2m {\n"
						   "    rankdir=LR;\n"
						   "    node [shape=record];\n"
						   "    edge [arrowhead=crow];\n");
	foreach(lc, diagram->boxes)
	{
		Box		   *box = lfirst(lc);

		appendStringInfoString(text, "    ");
		append_dot_id(text, box->name);
		appendStringInfoString(text, " [label=\"{");
		append_dot_text(text, box->name);
		appendStringInfoChar(text, '|');
		for (int a = 1; a <= box->last; a++)
		{
			int			bits = box->column[a];
			char	   *name = get_attname(box->relid, a, true);
			char	   *note = column_note(box, a);

			if (bits == 0 || name == NULL)
				continue;
			append_dot_text(text, name);
			appendStringInfoChar(text, ' ');
			append_dot_text(text,
							format_type_be(get_atttype(box->relid, a)));
			if (bits & COLUMN_KEY)
				appendStringInfoString(text, ", key");
			if (note != NULL)
			{
				appendStringInfoString(text, ", ");
				append_dot_text(text, note);
			}
			appendStringInfoString(text, "\\l");
		}
		appendStringInfoString(text, "}\"];\n");
	}
	foreach(lc, diagram->relationships)
	{
		M2mRelationship *rel = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			appendStringInfoString(text, "    ");
			append_dot_id(text, shown_name(diagram, rel->side[s].relid));
			appendStringInfoString(text, " -> ");
			append_dot_id(text, shown_name(diagram, rel->association));
			appendStringInfoString(text, " [label=\"");
			append_dot_text(text, line_label(diagram, rel, s));
			appendStringInfoString(text, "\"];\n");
		}
	}
	appendStringInfoString(text, "}\n");
}

/* append_dot_id: a name that boxes are told apart by, quoted. */
static void
append_dot_id(StringInfo text, const char *string)
{
	appendStringInfoChar(text, '"');
	for (const char *c = string; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(text, '\\');
		appendStringInfoChar(text, *c);
	}
	appendStringInfoChar(text, '"');
}

/* append_dot_text: within the label of a record or a line. */
static void
append_dot_text(StringInfo text, const char *string)
{
	for (const char *c = string; *c != '\0'; c++)
	{
		if (*c == '&')
			appendStringInfoString(text, "&amp;");
		else if (*c == '<')
			appendStringInfoString(text, "&lt;");
		else if (*c == '>')
			appendStringInfoString(text, "&gt;");
		else if (strchr("{}|", *c) != NULL)
			appendStringInfo(text, "&#%d;", (unsigned char) *c);
		else if ((unsigned char) *c < ' ')
			appendStringInfoChar(text, ' ');
		else
		{
			if (*c == '"' || *c == '\\')
				appendStringInfoChar(text, '\\');
			appendStringInfoChar(text, *c);
		}
	}
}
