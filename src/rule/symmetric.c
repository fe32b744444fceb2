/*
 * symmetric.c
 *		Symmetric relationships: links that are there in both directions.
 *
 * What keeps both rows of a link together is no trigger of ours but the
 * association's own foreign key to itself, and whoever reads a description
 * knows it by that (M2mRelationship.mirror).  What no foreign key can say is
 * that both have the same link properties: that is what these triggers see to.
 *
 * Of an UPDATE the row that it changed has its way.  Of an INSERT the row that
 * was there; of two that came, or changed, together, the one that comes first in
 * key order.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* How deep we are in statements that write what is each row's own. */
static int	paused = 0;

/* Its statements. */
typedef enum SymmetricStatement
{
	SYMMETRIC_INSERTED,
	SYMMETRIC_UPDATED
} SymmetricStatement;

static bool symmetric_read(M2mRule *rule);
static void symmetric_after(M2mRule *rule, M2mRuleChange *change);
static char *symmetric_text(M2mRule *rule, int statement);
static char *symmetric_definition(M2mRule *rule);
static List *symmetric_check(M2mRule *rule);
static bool symmetric_elsewhere(M2mRule *rule);
static void symmetric_off(M2mRule *rule);
static bool symmetric_idle(M2mRule *rule);
static char *properties(M2mRelationship *rel, const char *alias);
static char *is_first(M2mRelationship *rel, const char *alias);

PG_FUNCTION_INFO_V1(m2m_symmetric_links);

const M2mRuleKind m2m_symmetric_kind = {
	.name = "symmetric",
	.function = "m2m_symmetric_links",
	.on_side = false,
	.read = symmetric_read,
	.after = symmetric_after,
	.text = symmetric_text,
	.definition = symmetric_definition,
	.check = symmetric_check,
	.elsewhere = symmetric_elsewhere,
	.off = symmetric_off,
	.idle = symmetric_idle,
};

/*
 * m2m_symmetric_links: SQL function; trigger of a symmetric relationship.
 */
Datum
m2m_symmetric_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_symmetric_kind);
}

/*
 * m2m_symmetric_define: puts the triggers there, or anew.  The foreign key is
 * the caller's to make.  Errors: those of m2m_rule_begin().
 */
void
m2m_symmetric_define(Oid association)
{
	M2mRelationship *rel = m2m_rule_begin(association, "symmetric");
	char	   *name = m2m_rule_name(&m2m_symmetric_kind, NULL);
	M2mRule    *rule = m2m_rule_find(rel, name);

	if (rule != NULL)
	{
		m2m_rule_remove(rule);
		m2m_relationship_changed(association);
	}
	m2m_rule_create(rel, &m2m_symmetric_kind, name,
					M2M_RULE_INSERT | M2M_RULE_UPDATE, NIL, InvalidOid,
					"m2m: both rows of a link have the same link properties;"
					" m2m_drop_rule() ends that links have no direction.");
}

/* symmetric_read: what it needs. */
static bool
symmetric_read(M2mRule *rule)
{
	rule->needs = M2M_RULE_INSERT | M2M_RULE_UPDATE;
	return true;
}

/* symmetric_idle: without link properties there is nothing to do. */
static bool
symmetric_idle(M2mRule *rule)
{
	return !OidIsValid(rule->rel->mirror) || properties(rule->rel, "a") == NULL;
}

/*
 * symmetric_after: gives the other rows of links the properties of those that
 * were made or changed.  As the association's owner, as the foreign key's
 * actions: who may write one row writes a link.
 */
static void
symmetric_after(M2mRule *rule, M2mRuleChange *change)
{
	int64		rows = change->linked != NULL ?
		tuplestore_tuple_count(change->linked) : 0;

	if (rows == 0 || paused > 0 || symmetric_idle(rule))
		return;
	m2m_rule_connect(change);
	m2m_rule_execute(rule, change->update ? SYMMETRIC_UPDATED :
					 SYMMETRIC_INSERTED, rows > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	m2m_rule_finish();
}

/* symmetric_text: the SQL of its statements. */
static char *
symmetric_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	char	   *association = m2m_qualified_name(rel->association);
	char	   *set = properties(rel, NULL);
	char	   *mine = properties(rel, "a");
	char	   *theirs = properties(rel, "l");

	if (statement == SYMMETRIC_INSERTED)

		/* l is the other row, as it is; a the one that was inserted */
		return psprintf("UPDATE %s a SET (%s) = ROW(%s) FROM linked n, %s l WHERE %s AND %s"
						" AND %s AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))"
						" AND (%s OR NOT EXISTS (SELECT FROM linked o WHERE %s AND %s))",
						association, set, theirs, association,
						m2m_rule_same(rel, M2M_LEFT, "n", "a"),
						m2m_rule_same(rel, M2M_RIGHT, "n", "a"),
						m2m_symmetric_mirrored(rel, "l", "n"), mine, theirs,
						is_first(rel, "l"),
						m2m_rule_same(rel, M2M_LEFT, "o", "l"),
						m2m_rule_same(rel, M2M_RIGHT, "o", "l"));

	/*
	 * l is a row that was updated and changed, a the other.  Where both were,
	 * that which comes first has its way.  Of a row that was moved nobody can
	 * tell what it was: it has not changed if one of that row of the endpoint
	 * had the same properties, as where the foreign key moves the other row
	 * along.
	 */
	return psprintf("WITH c AS MATERIALIZED (SELECT l.* FROM linked l WHERE NOT EXISTS (SELECT"
					" FROM unlinked u WHERE pg_catalog.record_image_eq(ROW(%s), ROW(%s))"
					" AND (%s AND %s OR NOT EXISTS (SELECT FROM unlinked v WHERE %s AND %s)"
					" AND (%s OR %s))))"
					" UPDATE %s a SET (%s) = ROW(%s) FROM c l WHERE %s"
					" AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))"
					" AND NOT EXISTS (SELECT FROM c o WHERE %s AND %s AND %s)",
					properties(rel, "u"), theirs,
					m2m_rule_same(rel, M2M_LEFT, "u", "l"),
					m2m_rule_same(rel, M2M_RIGHT, "u", "l"),
					m2m_rule_same(rel, M2M_LEFT, "v", "l"),
					m2m_rule_same(rel, M2M_RIGHT, "v", "l"),
					m2m_rule_same(rel, M2M_LEFT, "u", "l"),
					m2m_rule_same(rel, M2M_RIGHT, "u", "l"),
					association, set, theirs, m2m_symmetric_mirrored(rel, "l", "a"),
					mine, theirs,
					m2m_rule_same(rel, M2M_LEFT, "o", "a"),
					m2m_rule_same(rel, M2M_RIGHT, "o", "a"),
					is_first(rel, "o"));
}

/*
 * m2m_symmetric_lacking: a finding where somebody has made the foreign key by
 * hand, and there are no triggers with it; for m2m_rules_check().
 */
List *
m2m_symmetric_lacking(M2mRelationship *rel)
{
	M2mRuleFinding *finding;

	if (!OidIsValid(rel->mirror) ||
		m2m_rule_find(rel, m2m_rule_name(&m2m_symmetric_kind, NULL)) != NULL)
		return NIL;
	finding = palloc0(sizeof(M2mRuleFinding));
	finding->severity = "warning";
	finding->what = "links have no direction, and nothing keeps the link properties of both directions the same";
	finding->remedy =
		psprintf("SELECT %s(%s)", m2m_own_function("m2m_symmetric"),
				 quote_literal_cstr(m2m_qualified_name(rel->association)));
	return list_make1(finding);
}

/* symmetric_definition: the call. */
static char *
symmetric_definition(M2mRule *rule)
{
	return m2m_rule_call(rule, "m2m_symmetric", "");
}

/* symmetric_elsewhere: is there the foreign key? */
static bool
symmetric_elsewhere(M2mRule *rule)
{
	return OidIsValid(rule->rel->mirror);
}

/*
 * symmetric_check: rows without the other, which session_replication_role or
 * disabled triggers have let in, and properties that differ.
 */
static List *
symmetric_check(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	char	   *association = m2m_qualified_name(rel->association);
	char	   *alone = psprintf("FROM %s l WHERE NOT EXISTS (SELECT FROM %s a WHERE %s)",
								 association, association,
								 m2m_symmetric_mirrored(rel, "l", "a"));
	char	   *set = properties(rel, NULL);
	List	   *findings = NIL;
	M2mRuleFinding *finding;

	if (!OidIsValid(rel->mirror))
		return NIL;
	finding = palloc0(sizeof(M2mRuleFinding));
	finding->severity = "error";
	finding->what = "links that are there in one direction only";
	finding->question = psprintf("SELECT EXISTS (SELECT %s)", alone);
	finding->remedy =
		psprintf("SELECT %s", m2m_rule_call(rule, "m2m_symmetric",
											"repair => true"));
	findings = lappend(findings, finding);
	if (set == NULL)
		return findings;
	finding = palloc0(sizeof(M2mRuleFinding));
	finding->severity = "error";
	finding->what = "links whose properties differ in the two directions";
	finding->question =
		psprintf("SELECT EXISTS (SELECT FROM %s l, %s a WHERE %s AND %s AND NOT"
				 " pg_catalog.record_image_eq(ROW(%s), ROW(%s)))",
				 association, association, m2m_symmetric_mirrored(rel, "l", "a"),
				 is_first(rel, "l"), properties(rel, "a"),
				 properties(rel, "l"));
	finding->remedy =
		psprintf("UPDATE %s a SET (%s) = ROW(%s) FROM %s l WHERE %s AND %s AND NOT"
				 " pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
				 association, set, properties(rel, "l"), association,
				 m2m_symmetric_mirrored(rel, "l", "a"), is_first(rel, "l"),
				 properties(rel, "a"), properties(rel, "l"));
	return lappend(findings, finding);
}

/*
 * m2m_symmetric_deferrable: the foreign keys of an association that a
 * transaction may have checked at its end, as SET CONSTRAINTS names them.
 */
List *
m2m_symmetric_deferrable(M2mRelationship *rel)
{
	Oid			constraint[3] = {rel->side[M2M_LEFT].constraint,
	rel->side[M2M_RIGHT].constraint, rel->mirror};
	List	   *result = NIL;

	for (int i = 0; i < (int) lengthof(constraint); i++)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID,
											ObjectIdGetDatum(constraint[i]));
		Form_pg_constraint form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->condeferrable)
			result = lappend(result,
							 quote_qualified_identifier(get_namespace_name(form->connamespace),
														NameStr(form->conname)));
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * m2m_symmetric_pause: who writes a column that is each row's own, before the
 * table says so, tells us, and takes it back, also where it ends in an error.
 */
void
m2m_symmetric_pause(int more)
{
	paused += more;
}

/* symmetric_off: links have a direction from now on, each that they are in. */
static void
symmetric_off(M2mRule *rule)
{
	if (OidIsValid(rule->rel->mirror))
		m2m_ddl(psprintf("ALTER TABLE %s DROP CONSTRAINT %s",
						 m2m_qualified_name(rule->rel->association),
						 quote_identifier(get_constraint_name(rule->rel->mirror))));
}

/*
 * properties: "a.note, a.since" of those that both rows have in common, without
 * alias if that is NULL; NULL if there are none.  What tells rows apart, or is
 * made by the table, is each row's own.
 */
static char *
properties(M2mRelationship *rel, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->nproperties; i++)
	{
		if (m2m_symmetric_is_own(rel, rel->property[i]))
			continue;
		appendStringInfo(&list, "%s%s%s%s", list.len > 0 ? ", " : "",
						 alias != NULL ? alias : "", alias != NULL ? "." : "",
						 m2m_quoted_column(rel->association,
										   rel->property[i]));
	}
	return list.len > 0 ? list.data : NULL;
}

/*
 * m2m_symmetric_is_own: is a property each row's own: a generated column, or one
 * of a unique index, such as a number of the row?
 */
bool
m2m_symmetric_is_own(M2mRelationship *rel, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(rel->association, attnum);
	bool		result;
	Relation	association;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return true;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity != '\0' ||
		((Form_pg_attribute) GETSTRUCT(tuple))->attgenerated != '\0';
	ReleaseSysCache(tuple);
	if (result)
		return true;
	association = RelationIdGetRelation(rel->association);
	if (association == NULL)
		return true;
	foreach(lc, RelationGetIndexList(association))
	{
		tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		if (!HeapTupleIsValid(tuple))
			continue;
		for (int i = 0; i < ((Form_pg_index) GETSTRUCT(tuple))->indnkeyatts; i++)
			result |= ((Form_pg_index) GETSTRUCT(tuple))->indisunique &&
				((Form_pg_index) GETSTRUCT(tuple))->indkey.values[i] == attnum;
		ReleaseSysCache(tuple);
	}
	RelationClose(association);
	return result;
}

/*
 * m2m_symmetric_mirrored: is one row a link's in one direction, and another that in the
 * other?  Not of a row's link to itself.
 */
char *
m2m_symmetric_mirrored(M2mRelationship *rel, const char *one, const char *other)
{
	StringInfoData same;

	initStringInfo(&same);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			M2mKeyColumn *far = &rel->side[M2M_OTHER(s)].key[i];

			appendStringInfo(&same, "%s%s.%s %s %s.%s",
							 same.len > 0 ? " AND " : "", one,
							 m2m_quoted_column(rel->association,
											   key->link_attnum),
							 m2m_own_equality(key->link_type), other,
							 m2m_quoted_column(rel->association,
											   far->link_attnum));
		}
	}
	return same.data;
}

/* is_first: is a row the one of its link that comes first in key order? */
static char *
is_first(M2mRelationship *rel, const char *alias)
{
	StringInfoData before;
	StringInfoData same;

	initStringInfo(&before);
	initStringInfo(&same);
	for (int i = 0; i < rel->side[M2M_LEFT].nkeys; i++)
	{
		M2mKeyColumn *left = &rel->side[M2M_LEFT].key[i];
		M2mKeyColumn *right = &rel->side[M2M_RIGHT].key[i];
		TypeCacheEntry *type;
		char	   *operand[2];

		if (left->shared > 0)
			continue;
		type = lookup_type_cache(getBaseType(left->link_type),
								 TYPECACHE_LT_OPR);
		operand[M2M_LEFT] =
			m2m_base_operand(psprintf("%s.%s", alias,
									  m2m_quoted_column(rel->association,
														left->link_attnum)),
							 left->link_type);
		operand[M2M_RIGHT] =
			m2m_base_operand(psprintf("%s.%s", alias,
									  m2m_quoted_column(rel->association,
														right->link_attnum)),
							 right->link_type);
		appendStringInfo(&before, "%s(%s%s %s %s)",
						 before.len > 0 ? " OR " : "", same.data,
						 operand[M2M_LEFT],
						 m2m_qualified_operator(type->lt_opr),
						 operand[M2M_RIGHT]);
		appendStringInfo(&same, "%s %s %s AND ", operand[M2M_LEFT],
						 m2m_own_equality(left->link_type),
						 operand[M2M_RIGHT]);
	}
	return psprintf("(%s)", before.data);
}
