/*
 * rule.c
 *		Which rules a relationship has, read from the triggers of its
 *		association.
 *
 * A rule consists of statement triggers of ours on the association, all with
 * the same function and arguments, one for each event that it needs.  There is
 * no other place where it stands: what PostgreSQL dumps, renames and drops
 * with the table is the rule.  A rule is whole if each of its triggers is
 * there, enabled and as we make it; only then does anybody do its work without
 * the triggers.
 *
 * Each kind of rule is one file and one M2mRuleKind; `kinds` lists them.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "rewrite/prs2lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static const M2mRuleKind *const kinds[] = {
	&m2m_limit_kind,
	&m2m_counter_kind,
	&m2m_history_kind,
	&m2m_notice_kind,
	&m2m_order_kind,
	&m2m_symmetric_kind,
	&m2m_orphan_kind,
};

static M2mRules *get_rules(M2mRelationship *rel);
static List *read_rules(M2mRelationship *rel, List **strays);
static void read_trigger(M2mRelationship *rel, const M2mRuleKind *kind,
						 HeapTuple tuple, TupleDesc desc, List **rules);
static int	trigger_event(HeapTuple tuple, TupleDesc desc);
static int	read_arguments(HeapTuple tuple, TupleDesc desc, char ***args);
static bool complete(M2mRule *rule);
static bool is_whole(M2mRule *rule);
static Oid	condition_table(const char *tgqual);
static AttrNumber condition_column(HeapTuple trigger, TupleDesc desc);
static Oid	find_trigger(M2mRule *rule, M2mRule *lent, int16 events,
						 AttrNumber *column, bool *plain);
static bool reads_as(M2mRule *rule, HeapTuple trigger, TupleDesc desc);
static void free_plans(void *arg);
static void keep_mirrored(M2mRelationship *rel, M2mIds *ids[2]);
static int	compare_pairs(const void *a, const void *b, void *arg);

/*
 * m2m_rules_of: the rules of a relationship, a list of M2mRule in the order in
 * which their triggers fire.  Kept with the description; the caller has some
 * lock on the association, or is prepared for it to change.
 */
List *
m2m_rules_of(M2mRelationship *rel)
{
	return get_rules(rel)->list;
}

/*
 * m2m_rules_include: is a trigger on the association a part of a rule?
 */
bool
m2m_rules_include(M2mRelationship *rel, Oid trigger)
{
	return m2m_rule_of_trigger(rel, trigger) != NULL;
}

/*
 * m2m_rules_are_plain: is each rule as we make it, so that handing it links
 * does what its triggers would?
 */
bool
m2m_rules_are_plain(M2mRelationship *rel)
{
	return get_rules(rel)->plain;
}

/*
 * m2m_rules_are_of: is a trigger, on whatever table, one of those that rules
 * are made of, which run no code of the user's of their own?
 */
bool
m2m_rules_are_of(HeapTuple trigger, TupleDesc desc)
{
	bool		isnull;
	Datum		qual = heap_getattr(trigger, Anum_pg_trigger_tgqual, desc,
									&isnull);

	return m2m_rule_kind_of(((Form_pg_trigger) GETSTRUCT(trigger))->tgfoid) != NULL &&
		(isnull || OidIsValid(condition_table(TextDatumGetCString(qual))) ||
		 condition_column(trigger, desc) != InvalidAttrNumber);
}

/* m2m_rules_keep: is a table one that a rule keeps, by the mark on it? */
bool
m2m_rules_keep(Oid relid)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	bool		result = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		/* on an endpoint it would be for INSERT, too (m2m_rule_mark()) */
		result = OidIsValid(form->tgconstrrelid) && !form->tgisinternal &&
			form->tgtype == (TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER |
							 TRIGGER_TYPE_UPDATE) &&
			m2m_rule_kind_of(form->tgfoid) != NULL;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* m2m_rule_text: what there is to say of a rule. */
M2mRuleText *
m2m_rule_text(M2mRule *rule)
{
	M2mRuleText *text = palloc0(sizeof(M2mRuleText));

	text	  ->name = rule->name;
	text	  ->kind = rule->kind->name;

	if (rule->kind->on_side)
		text	  ->role = rule->rel->side[rule->side].role;
	text	  ->definition = rule->kind->definition(rule);
	text	  ->whole = is_whole(rule);

	if (OidIsValid(rule->table))
		text	  ->tables = list_make1_oid(rule->table);
	return text;
}

/* m2m_rules_tables: OIDs of the side tables of a relationship's rules. */
List *
m2m_rules_tables(M2mRelationship *rel)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (OidIsValid(rule->table))
			result = lappend_oid(result, rule->table);
	}
	return result;
}

/*
 * m2m_rules_check: what is amiss with the rules of a relationship, a list of
 * M2mRuleFinding.
 */
List *
m2m_rules_check(M2mRelationship *rel)
{
	List	   *findings = NIL;
	ListCell   *lc;

	if (m2m_rules_of(rel) != NIL && (has_subclass(rel->association) ||
									 has_superclass(rel->association)))
	{
		M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));

		finding->severity = "error";
		finding->what = "the relationship has rules, and inheritance children or parents by"
			" which links can be written past them";
		findings = lappend(findings, finding);
	}
	findings = list_concat(findings, m2m_symmetric_lacking(rel));
	foreach(lc, get_rules(rel)->strays)
	{
		M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));

		finding->severity = "error";
		finding->what = psprintf("trigger \"%s\" makes no rule, and links cannot be written; a"
								 " role of that name is missing, or its arguments are wrong",
								 (char *) lfirst(lc));
		findings = lappend(findings, finding);
	}
	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (!is_whole(rule))
		{
			M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));

			finding->severity = "error";
			finding->what = psprintf("rule \"%s\" lacks triggers, or they are disabled or not as"
									 " they should be",
									 rule->name);
			finding->remedy = rule->kind->definition(rule);
			finding->remedy =
				psprintf("SELECT %s", finding->remedy != NULL ?
						 finding->remedy :
						 m2m_rule_call(rule, "m2m_drop_rule",
									   quote_literal_cstr(rule->name)));
			findings = lappend(findings, finding);
		}
		if (OidIsValid(rule->table) && m2m_rule_table_is_marked(rule) &&
			!m2m_rule_keys_fit(rule))
		{
			M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));

			/* the rest compares them */
			finding->severity = "error";
			finding->what = psprintf("table \"%s\" of rule \"%s\" has keys of other types than \"%s\","
									 " and links that do not fit in it cannot be written",
									 get_rel_name(rule->table), rule->name,
									 get_rel_name(rel->association));
			finding->remedy = psprintf("SELECT %s",
									   rule->kind->definition(rule));
			findings = lappend(findings, finding);
		}
		else if (rule->kind->check != NULL)
			findings = list_concat(findings, rule->kind->check(rule));
	}
	return findings;
}

/*
 * m2m_rules_fit: leaves of the pairs of ids those that the rules allow now,
 * under the locks that keep it so, in place; false if there is no rule that
 * has a say.  ids becomes two arrays.  Where no index keeps pairs unique,
 * m2m_lock_links() comes before these locks, as in all that links.
 */
bool
m2m_rules_fit(M2mRelationship *rel, M2mIds *ids[2])
{
	M2mPairs   *pairs = NULL;
	Tuplestorestate *wanted = NULL;
	TupleDesc	desc = NULL;
	TupleTableSlot *slot;
	int			natts = rel->pair_desc->natts;
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (rule->kind->fit == NULL)
			continue;
		if (pairs == NULL)
		{
			bool	   *isnull = palloc0_array(bool, natts);
			Datum	   *pair;

			if (!rel->unique)
				m2m_lock_links(rel);
			desc = CreateTemplateTupleDesc(natts);
			for (int i = 0; i < natts; i++)
			{
				Form_pg_attribute attribute = TupleDescAttr(rel->pair_desc, i);

				TupleDescInitEntry(desc, i + 1, psprintf("m2m_k%d", i + 1),
								   attribute->atttypid, attribute->atttypmod,
								   0);
				TupleDescInitEntryCollation(desc, i + 1,
											attribute->attcollation);
			}
			TupleDescFinalize(desc);

			pairs = m2m_pairs_begin(rel, work_mem / 2);
			m2m_pairs_put_ids(pairs, ids);
			wanted = tuplestore_begin_heap(false, false, work_mem / 2);
			while ((pair = m2m_pairs_next(pairs)) != NULL)
				tuplestore_putvalues(wanted, desc, pair, isnull);
			m2m_pairs_end(pairs);
		}
		rule->kind->fit(rule, desc, &wanted);
	}
	if (pairs == NULL)
		return false;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mIds	   *new = palloc0(sizeof(M2mIds));

		new->is_array = true;
		new->nkeys = rel->side[s].nkeys;
		new->value = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(Datum) * new->nkeys *
											(tuplestore_tuple_count(wanted) + 1));
		ids[s] = new;
	}
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	tuplestore_rescan(wanted);
	while (tuplestore_gettupleslot(wanted, true, true, slot))
	{
		int			n = 0;

		slot_getallattrs(slot);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int i = 0; i < ids[s]->nkeys; i++, n++)
			{
				M2mKeyColumn *key = &rel->side[s].key[i];

				ids[s]->value[(Size) ids[s]->count * ids[s]->nkeys + i] =
					m2m_datum_clean(datumCopy(slot->tts_values[n],
											  key->typbyval, key->typlen),
									key->typlen, key->typbyval);
			}
			ids[s]->count++;
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(wanted);
	if (OidIsValid(rel->mirror))
		keep_mirrored(rel, ids);
	return true;
}

/*
 * m2m_rules_before_unlink: for who is going to remove links himself: what
 * rules have to do before any row is locked.  Before his snapshot.
 */
void
m2m_rules_before_unlink(M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (rule->kind->before != NULL)
			rule->kind->before(rule);
	}
}

/*
 * keep_mirrored: where links are there in both directions, leaves of the pairs
 * of ids those that are allowed in both, each once.
 */
static void
keep_mirrored(M2mRelationship *rel, M2mIds *ids[2])
{
	M2mPairOrder *order = m2m_pair_order(rel);
	int			nkeys = order->nleft;
	int			count = ids[M2M_LEFT]->count;
	int			n = 0;
	Datum	  **pair = palloc_array(Datum *, count + 1);
	Datum	   *value[2];

	for (int i = 0; i < count; i++)
	{
		pair[i] = palloc_array(Datum, order->natts);
		memcpy(pair[i], ids[M2M_LEFT]->value + (Size) i * nkeys,
			   sizeof(Datum) * nkeys);
		memcpy(pair[i] + nkeys, ids[M2M_RIGHT]->value + (Size) i * nkeys,
			   sizeof(Datum) * nkeys);
	}
	qsort_arg(pair, count, sizeof(Datum *), compare_pairs, order);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		value[s] = palloc_array(Datum, ((Size) count + 1) * nkeys);
	for (int i = 0; i < count; i++)
	{
		Datum	   *other = m2m_pair_mirrored(order, pair[i]);

		if (m2m_pair_direction(order, pair[i]) <= 0 &&
			bsearch_arg(&other, pair, count, sizeof(Datum *), compare_pairs,
						order) != NULL)
		{
			memcpy(value[M2M_LEFT] + (Size) n * nkeys, pair[i],
				   sizeof(Datum) * nkeys);
			memcpy(value[M2M_RIGHT] + (Size) n * nkeys, pair[i] + nkeys,
				   sizeof(Datum) * nkeys);
			n++;
		}
		pfree(other);
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ids[s]->value = value[s];
		ids[s]->count = n;
	}
}

/* compare_pairs: for qsort_arg and bsearch_arg. */
static int
compare_pairs(const void *a, const void *b, void *arg)
{
	M2mPairOrder *order = arg;

	CHECK_FOR_INTERRUPTS();
	return m2m_pair_compare(order, 0, order->natts, *(Datum *const *) a,
							*(Datum *const *) b);
}

/* m2m_rule_find: a rule by its name, or NULL. */
M2mRule *
m2m_rule_find(M2mRelationship *rel, const char *name)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (strcmp(rule->name, name) == 0)
			return rule;
	}
	return NULL;
}

/* m2m_rule_of_trigger: the rule that a trigger is a part of, or NULL. */
M2mRule *
m2m_rule_of_trigger(M2mRelationship *rel, Oid trigger)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (list_member_oid(rule->triggers, trigger))
			return rule;
	}
	return NULL;
}

/* m2m_rule_argument: the value of a trigger's argument, or NULL. */
const char *
m2m_rule_argument(M2mRule *rule, const char *name)
{
	size_t		length = strlen(name);

	for (int i = 0; i < rule->nargs; i++)
	{
		if (strncmp(rule->arg[i], name, length) == 0 &&
			rule->arg[i][length] == '=')
			return rule->arg[i] + length + 1;
	}
	return NULL;
}

/*
 * m2m_rule_number: the same as a number from 0 up; M2M_RULE_NONE where it is
 * missing or is none.
 */
int32
m2m_rule_number(M2mRule *rule, const char *name)
{
	const char *value = m2m_rule_argument(rule, name);
	char	   *end;
	long		number;

	if (value == NULL || *value < '0' || *value > '9')
		return M2M_RULE_NONE;
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || *end != '\0' || number > PG_INT32_MAX)
		return M2M_RULE_NONE;
	return (int32) number;
}

/* m2m_rule_name: what a rule of a kind is called. */
char *
m2m_rule_name(const M2mRuleKind *kind, const char *role)
{
	return makeObjectName(psprintf("m2m_%s", kind->name), role, NULL);
}

/*
 * condition_table: the table that a trigger's condition names, where that
 * is all it says: WHEN ('history'::regclass IS NOT NULL).  InvalidOid
 * otherwise.
 */
static Oid
condition_table(const char *tgqual)
{
	Node	   *node = stringToNode(tgqual);

	if (node != NULL && IsA(node, NullTest) &&
		((NullTest *) node)->nulltesttype == IS_NOT_NULL &&
		IsA(((NullTest *) node)->arg, Const))
	{
		Const	   *constant = (Const *) ((NullTest *) node)->arg;

		if (constant->consttype == REGCLASSOID && !constant->constisnull)
			return DatumGetObjectId(constant->constvalue);
	}
	return InvalidOid;
}

/*
 * condition_column: the column that a row trigger is for, where its condition
 * says that this is null, and nothing else: UPDATE OF c ... WHEN (NEW.c IS
 * NULL).  0 otherwise.
 */
static AttrNumber
condition_column(HeapTuple trigger, TupleDesc desc)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(trigger);
	bool		isnull;
	Datum		qual = heap_getattr(trigger, Anum_pg_trigger_tgqual, desc,
									&isnull);
	NullTest   *test;
	Var		   *var;

	if (isnull || form->tgattr.dim1 != 1)
		return InvalidAttrNumber;
	test = (NullTest *) stringToNode(TextDatumGetCString(qual));
	if (!IsA(test, NullTest) || test->nulltesttype != IS_NULL ||
		!IsA(test->arg, Var))
		return InvalidAttrNumber;
	var = (Var *) test->arg;
	return var->varno == PRS2_NEW_VARNO &&
		var->varattno == form->tgattr.values[0] ? var->varattno :
		InvalidAttrNumber;
}

/*
 * m2m_rule_kind_of: the kind of rule whose trigger function this is, or NULL.
 * Known by its symbol, as the link views' is (see catalog_view.c).
 */
const M2mRuleKind *
m2m_rule_kind_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	const M2mRuleKind *result = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId)
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple,
											 Anum_pg_proc_prosrc, &isnull);
		char	   *symbol = isnull ? NULL : TextDatumGetCString(source);

		for (size_t i = 0; symbol != NULL && i < lengthof(kinds); i++)
		{
			if (strcmp(symbol, kinds[i]->function) == 0)
				result = kinds[i];
		}
	}
	ReleaseSysCache(tuple);
	return result;
}

/* reads_as: has a trigger, on whatever table, a rule's arguments? */
static bool
reads_as(M2mRule *rule, HeapTuple trigger, TupleDesc desc)
{
	char	  **args;
	int			nargs = read_arguments(trigger, desc, &args);

	return m2m_rule_has_arguments(rule, nargs, args);
}

/*
 * m2m_rule_row_key: the key of the new row of a row trigger, which is on the
 * endpoint of a rule or a partition of that.  False if it is not, or if there
 * is a null in the key.
 */
bool
m2m_rule_row_key(M2mRule *rule, TriggerData *trigger, Datum *values,
				 bool *isnull)
{
	return m2m_rule_key_of(rule, trigger->tg_relation,
						   TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple,
						   values, isnull);
}

/* m2m_rule_key_of: the same of any row of such a table. */
bool
m2m_rule_key_of(M2mRule *rule, Relation table, HeapTuple row, Datum *values,
				bool *isnull)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	Oid			relid = RelationGetRelid(table);

	if (relid != endpoint->relid &&
		!(get_rel_relispartition(relid) &&
		  list_member_oid(get_partition_ancestors(relid), endpoint->relid)))
		return false;
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		AttrNumber	attnum = endpoint->key[i].attnum;

		/* a partition may have them in another order */
		if (relid != endpoint->relid)
			attnum = get_attnum(relid,
								get_attname(endpoint->relid, attnum, false));
		values[i] = heap_getattr(row, attnum, RelationGetDescr(table),
								 &isnull[i]);
		if (isnull[i])
			return false;
	}
	return true;
}

/*
 * m2m_rule_is_lent: has the owner of another table said, by a trigger of a
 * rule's on it, that the rule has his rights there?  Whoever has TRIGGER on the
 * table can make such a trigger, but only he can have it depend on the
 * extension.  Asked when the rule is to write, as that changes without word to
 * whoever remembers a description; once it is so, it stays.  rule may be NULL.
 */
bool
m2m_rule_is_lent(M2mRule *rule, Oid trigger)
{
	if (!OidIsValid(trigger))
		return false;
	if (rule != NULL && rule->lent == trigger)
		return true;
	if (!list_member_oid(getAutoExtensionsOfObject(TriggerRelationId, trigger),
						 get_extension_oid("m2m", true)))
		return false;
	if (rule != NULL)
		rule->lent = trigger;
	return true;
}

/*
 * m2m_rule_endpoint_trigger: the row trigger of a rule on its endpoint, by which
 * the owner of that says that it takes part; or InvalidOid.  Anybody with TRIGGER
 * on it can make one that reads alike, so of several it is the one that
 * m2m_rule_is_lent().  Of one that is for UPDATE of a column, that column; of
 * other rules column is NULL.  plain: is it enabled, and as we make it?
 */
Oid
m2m_rule_endpoint_trigger(M2mRule *rule, AttrNumber *column, bool *plain)
{
	return find_trigger(rule, rule, TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE,
						column, plain);
}

/*
 * m2m_rule_key_trigger: the row trigger of a rule on its endpoint that is for no
 * column and for UPDATE alone, beside m2m_rule_endpoint_trigger(); or InvalidOid.
 * plain: as there.
 */
Oid
m2m_rule_key_trigger(M2mRule *rule, bool *plain)
{
	return find_trigger(rule, NULL, TRIGGER_TYPE_UPDATE, NULL, plain);
}

/*
 * find_trigger: either of them, for these events, which remembers in lent
 * (m2m_rule_is_lent()) that it is: NULL for the second, of no column.  With column
 * only one for UPDATE of a column.  Locks no endpoint.
 */
static Oid
find_trigger(M2mRule *rule, M2mRule *lent, int16 events, AttrNumber *column,
			 bool *plain)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	Oid			result = InvalidOid;
	bool		is_lent = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rule->rel->side[rule->side].relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (!is_lent && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgconstrrelid != rule->rel->association ||
			m2m_rule_kind_of(form->tgfoid) != rule->kind ||
			!reads_as(rule, tuple, RelationGetDescr(catalog)) ||
			(column != NULL && form->tgattr.dim1 != 1) ||
			(lent == NULL && form->tgattr.dim1 != 0))
			continue;
		result = form->oid;
		is_lent = m2m_rule_is_lent(lent, result);
		if (column != NULL)
			*column = form->tgattr.values[0];
		*plain = form->tgenabled == TRIGGER_FIRES_ON_ORIGIN &&
			form->tgtype == (TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | events) &&
			(column != NULL || form->tgattr.dim1 == 0) &&
			heap_attisnull(tuple, Anum_pg_trigger_tgqual,
						   RelationGetDescr(catalog));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* m2m_rule_may_show: may an error tell the user what is in a table's rows? */
bool
m2m_rule_may_show(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

/*
 * m2m_rule_table_is_marked: has the side table of a rule the owner of the
 * association, and a trigger of the rule's that names the association?  Whoever
 * may put a trigger on the association could else have its owner write any
 * table.  Asked each time, as it is not part of the description.
 */
bool
m2m_rule_table_is_marked(M2mRule *rule)
{
	Relation	table;
	TriggerDesc *triggers;
	bool		result = false;

	if (!OidIsValid(rule->table) || get_rel_name(rule->table) == NULL ||
		m2m_catalog_relation_owner(rule->table) !=
		m2m_catalog_relation_owner(rule->rel->association))
		return false;
	table = try_table_open(rule->table, AccessShareLock);
	if (table == NULL)
		return false;
	/* a copy, as whoever looks into the catalogs may have it read anew */
	triggers = CopyTriggerDesc(table->trigdesc);
	for (int i = 0; !result && triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		result = trigger->tgconstrrelid == rule->rel->association &&
			m2m_rule_has_arguments(rule, trigger->tgnargs, trigger->tgargs) &&
			m2m_rule_kind_of(trigger->tgfoid) == rule->kind &&
			m2m_rule_is_lent(rule, trigger->tgoid);
	}
	table_close(table, NoLock);
	return result;
}

/* m2m_rule_check_table: error 55000 where it is not. */
void
m2m_rule_check_table(M2mRule *rule)
{
	if (!m2m_rule_table_is_marked(rule))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" is no table of rule \"%s\"",
						get_rel_name(rule->table), rule->name),
				 errdetail("Such a table belongs to the owner of \"%s\", and has a trigger of the rule's that names it and depends on the extension.",
						   get_rel_name(rule->rel->association)),
				 errhint("Give it to that owner, or switch the rule off and on again, or drop the trigger.")));
}

/* get_rules: the rules of a description, read on first use. */
static M2mRules *
get_rules(M2mRelationship *rel)
{
	MemoryContext old;
	M2mRules   *rules;
	ListCell   *lc;

	if (rel->rules != NULL)
		return rel->rules;
	old = MemoryContextSwitchTo(rel->context);
	rules = palloc0(sizeof(M2mRules));
	rules->list = read_rules(rel, &rules->strays);
	rules->plain = true;
	foreach(lc, rules->list)
		rules->plain &= is_whole(lfirst(lc));
	rules->callback.func = free_plans;
	rules->callback.arg = rules;
	MemoryContextRegisterResetCallback(rel->context, &rules->callback);
	MemoryContextSwitchTo(old);

	/* last: an error leaves nothing half done */
	rel->rules = rules;
	return rules;
}

/*
 * read_rules: from the association's triggers; strays becomes the names of
 * those that make no rule.
 */
static List *
read_rules(M2mRelationship *rel, List **strays)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	List	   *rules = NIL;
	List	   *result = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(trigger, TriggerRelidNameIndexId, true, NULL,
							  1, &key);

	/* in the order of the index, by name, in which they fire */
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		const M2mRuleKind *kind = form->tgisinternal ? NULL :
			m2m_rule_kind_of(form->tgfoid);

		if (kind != NULL)
			read_trigger(rel, kind, tuple, RelationGetDescr(trigger), &rules);
	}
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);

	/* what makes no rule is a trigger like any other */
	foreach(lc, rules)
	{
		M2mRule    *rule = lfirst(lc);

		if (complete(rule))
			result = lappend(result, rule);
		else
			*strays = lappend(*strays, rule->first);
	}
	return result;
}

/* read_trigger: adds a trigger to the rule that it is a part of. */
static void
read_trigger(M2mRelationship *rel, const M2mRuleKind *kind, HeapTuple tuple,
			 TupleDesc desc, List **rules)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	M2mRule    *rule = NULL;
	char	  **args;
	int			nargs = read_arguments(tuple, desc, &args);
	int			event = trigger_event(tuple, desc);
	Oid			table = InvalidOid;
	bool		isnull;
	Datum		qual = heap_getattr(tuple, Anum_pg_trigger_tgqual, desc,
									&isnull);
	ListCell   *lc;

	if (!isnull)
		table = condition_table(TextDatumGetCString(qual));
	foreach(lc, *rules)
	{
		M2mRule    *other = lfirst(lc);

		if (other->kind == kind && m2m_rule_has_arguments(other, nargs, args))
			rule = other;
	}
	if (rule == NULL)
	{
		rule = palloc0(sizeof(M2mRule));
		rule->kind = kind;
		rule->rel = rel;
		rule->nargs = nargs;
		rule->arg = args;
		rule->table = table;
		rule->first = pstrdup(NameStr(form->tgname));
		*rules = lappend(*rules, rule);
	}
	rule->triggers = lappend_oid(rule->triggers, form->oid);

	if (event == M2M_RULE_ROW)
		rule->column = condition_column(tuple, desc);

	/* a condition may be anything: what we do not know, we do not stand for */
	if (event == 0 || (rule->has & event) != 0 || rule->table != table ||
		(event == M2M_RULE_ROW ? rule->column == InvalidAttrNumber :
		 !isnull && !OidIsValid(table)) ||
		form->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
		rule->odd = true;
	rule->has |= event;
}

/*
 * trigger_event: the event that a trigger is for, if it fires after each
 * statement, for one event, with the rows; or one of those that a rule may
 * have besides; else 0.
 */
static int
trigger_event(HeapTuple tuple, TupleDesc desc)
{
	int16		type = ((Form_pg_trigger) GETSTRUCT(tuple))->tgtype;
	bool		no_old;
	bool		no_new;

	(void) heap_getattr(tuple, Anum_pg_trigger_tgoldtable, desc, &no_old);
	(void) heap_getattr(tuple, Anum_pg_trigger_tgnewtable, desc, &no_new);
	switch (type)
	{
		case TRIGGER_TYPE_AFTER | TRIGGER_TYPE_INSERT:
			return no_new ? 0 : M2M_RULE_INSERT;
		case TRIGGER_TYPE_AFTER | TRIGGER_TYPE_UPDATE:
			return no_old || no_new ? 0 : M2M_RULE_UPDATE;
		case TRIGGER_TYPE_AFTER | TRIGGER_TYPE_DELETE:
			return no_old ? 0 : M2M_RULE_DELETE;
		case TRIGGER_TYPE_AFTER | TRIGGER_TYPE_TRUNCATE:
			return M2M_RULE_TRUNCATE;
			case TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_INSERT |
		TRIGGER_TYPE_UPDATE:
			return M2M_RULE_ROW;
		case TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_DELETE | TRIGGER_TYPE_UPDATE:
			return M2M_RULE_BEFORE;
		case TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE:
			return M2M_RULE_BEFORE_TRUNCATE;
		default:
			return 0;
	}
}

/* read_arguments: of a trigger; returns how many there are. */
static int
read_arguments(HeapTuple tuple, TupleDesc desc, char ***args)
{
	int			n = ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs;
	bool		isnull;
	Datum		datum = heap_getattr(tuple, Anum_pg_trigger_tgargs, desc,
									 &isnull);
	const char *arg;

	*args = palloc_array(char *, n + 1);
	if (isnull)
		return 0;
	arg = VARDATA_ANY(DatumGetByteaPP(datum));
	for (int i = 0; i < n; i++, arg += strlen(arg) + 1)
		(*args)[i] = pstrdup(arg);
	return n;
}

/* m2m_rule_has_arguments: are these a rule's? */
bool
m2m_rule_has_arguments(M2mRule *rule, int nargs, char **args)
{
	if (rule->nargs != nargs)
		return false;
	for (int i = 0; i < nargs; i++)
	{
		if (strcmp(rule->arg[i], args[i]) != 0)
			return false;
	}
	return true;
}

/* complete: works out what a rule says; false if it is none. */
static bool
complete(M2mRule *rule)
{
	const char *role = m2m_rule_argument(rule, "role");

	if (rule->kind->on_side)
	{
		if (role == NULL)
			return false;
		if (strcmp(role, rule->rel->side[M2M_LEFT].role) == 0)
			rule->side = M2M_LEFT;
		else if (strcmp(role, rule->rel->side[M2M_RIGHT].role) == 0)
			rule->side = M2M_RIGHT;
		else
			return false;
	}
	rule->name = m2m_rule_name(rule->kind, rule->kind->on_side ? role : NULL);
	return rule->kind->read(rule);
}

/* is_whole: is all there that the rule consists of, and as it should be? */
static bool
is_whole(M2mRule *rule)
{
	return !rule->odd && rule->has == rule->needs &&
		(rule->kind->elsewhere == NULL || rule->kind->elsewhere(rule));
}

/* free_plans: a description is going, with its rules: a reset callback. */
static void
free_plans(void *arg)
{
	M2mRules   *rules = arg;
	ListCell   *lc;

	foreach(lc, rules->list)
	{
		M2mRule    *rule = lfirst(lc);

		for (int i = 0; i < M2M_RULE_PLANS; i++)
		{
			if (rule->plan[i] != NULL)
				SPI_freeplan(rule->plan[i]);
		}
	}
}
