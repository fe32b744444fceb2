/*
 * define_judge.c
 *		What a candidate has and lacks, and how likely it is a join table.
 *
 * Two kinds of tables have two foreign keys: join tables, and entities that
 * happen to refer to two others (an order has a customer and a clerk).  What
 * tells them apart is a key that holds both, and what else the table keeps:
 *
 *	- a key over the pair, or a primary key that holds it: a join table, and
 *	  ready to be taken in
 *	- another key that holds it and more, such as (tag, post, context): the
 *	  same, unless other tables refer to its rows
 *	- a number of its own and no more than times beside the pair: a join table
 *	  whose pairs nobody keeps apart
 *	- a number and columns of its own: an entity more likely than not
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"

/* How a candidate's score is made up; docs/reference.md says the same. */
#define POINTS_KEYS_BOTH		40
#define POINTS_KEYS_ONE			20
#define POINTS_NAMED			20	/* instead: as a tool names join tables */
#define POINTS_KEY_PAIR			40
#define POINTS_KEY_PRIMARY		35
#define POINTS_KEY_WIDER		30
#define POINTS_KEY_NONE			20	/* and nothing but the pair */
#define POINTS_KEY_OTHER		10
#define POINTS_OWN_NONE			20
#define POINTS_OWN_OPTIONAL		15
#define POINTS_OWN_REQUIRED		10
#define POINTS_REFERENCED		(-10)
#define POINTS_NOT_EVIDENT		(-10)
#define POINTS_NULLS			(-10)

static void describe_key(M2mCandidate *c);
static void describe_identity(M2mCandidate *c);
static void describe_own(M2mCandidate *c);
static void find_missing(M2mCandidate *c);
static void rate(M2mCandidate *c);
static bool may_be_third(M2mCandidate *c);
static char *column_list(M2mCandidate *c, M2mSide side);

/*
 * describe_key: which key there is, as far as it concerns the pair; and what
 * one link would be.
 */
static void
describe_key(M2mCandidate *c)
{
	ListCell   *lc;

	foreach(lc, c->indexes)
	{
		M2mCandidateIndex *index = lfirst(lc);
		M2mCandidateKey key = M2M_CANDIDATE_KEY_OTHER;

		if (!index->immediate || (!index->unique && !index->exclusion))
			continue;
		if (bms_is_subset(c->pair, index->columns))
			key = index->primary ? M2M_CANDIDATE_KEY_PRIMARY :
				M2M_CANDIDATE_KEY_WIDER;
		if (index->unique && bms_is_subset(index->columns, c->pair))
			key = M2M_CANDIDATE_KEY_PAIR;
		c->key = Max(c->key, key);
	}
	describe_identity(c);
}

/*
 * describe_identity: what one link is, by the rule for associations; and the
 * column that may say that a row is no link any more.
 */
static void
describe_identity(M2mCandidate *c)
{
	M2mRelationship rel;

	memset(&rel, 0, sizeof(rel));
	rel.association = c->relid;
	rel.adopted = true;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		rel.side[s].nkeys = c->nkeys[s];
		rel.side[s].key = palloc0_array(M2mKeyColumn, c->nkeys[s]);
		for (int i = 0; i < c->nkeys[s]; i++)
			rel.side[s].key[i].link_attnum = c->link_attnum[s][i];
	}
	m2m_catalog_describe_link_columns(&rel);
	rel.property = palloc_array(AttrNumber, Max(c->natts, 1));
	for (int i = 0; i < c->natts; i++)
	{
		if (c->columns[i].name != NULL && !bms_is_member(i + 1, c->pair))
			rel.property[rel.nproperties++] = i + 1;
	}
	m2m_catalog_describe_identity(&rel);

	/* a key that counts as one: its columns may not be null */
	if (!rel.has_key)
		c->key = M2M_CANDIDATE_KEY_NONE;
	else if (rel.identity == M2M_IDENTITY_SURROGATE)
		c->key = M2M_CANDIDATE_KEY_OTHER;
	c->deleted = m2m_catalog_find_deleted(&rel);

	/* after the one word that is missing, it is one */
	if (c->deleted != 0)
		c->key = Max(c->key, M2M_CANDIDATE_KEY_WIDER);
	else
		c->deleted = m2m_deleted_by_name(&rel);
	if (!bms_is_member(c->deleted, c->all))
		c->deleted = 0;
	for (int i = 0; rel.has_key && i < rel.nidentity; i++)
	{
		if (bms_is_member(rel.identity_column[i].attnum, c->all))
			c->identity = lappend_int(c->identity,
									  rel.identity_column[i].attnum);
	}
}

/*
 * describe_own: what the table keeps of its own: neither pair nor number, nor
 * times, which it may have of any row; and what of that has to be given.
 */
static void
describe_own(M2mCandidate *c)
{
	c->not_null = true;
	for (int i = 0; i < c->natts; i++)
	{
		M2mCandidateColumn *column = &c->columns[i];
		bool		required = column->not_null && !column->filled;
		Oid			type;

		if (column->name == NULL)
			continue;
		if (bms_is_member(column->attnum, c->pair))
		{
			c->not_null &= column->no_null;
			continue;
		}
		if (bms_is_member(column->attnum, c->primary))
		{
			/*
			 * A number; or what tells two links of a pair from each other; or
			 * two rows of one side, such as the lines of an order.
			 */
			if (!bms_overlap(c->primary, c->pair))
				c->own_required |= required;
			else
			{
				c->key_required |= required;
				c->own |= !bms_is_subset(c->pair, c->primary);
			}
			continue;
		}

		/* times that must not be null are filled in by m2m */
		type = m2m_catalog_base_type(column->type);
		if (type == TIMESTAMPOID || type == TIMESTAMPTZOID)
			continue;
		c->own = true;
		c->own_required |= required && type != DATEOID;
	}
}

/* find_missing: in words, what repair would have to add. */
static void
find_missing(M2mCandidate *c)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (c->guessed[s])
			c->missing = lappend(c->missing,
								 psprintf("foreign key (%s) to %s",
										  column_list(c, s),
										  m2m_table_label(c->table[s])));
	}
	if (c->key < M2M_CANDIDATE_KEY_WIDER)
		c->missing = lappend(c->missing,
							 psprintf("key over (%s, %s)",
									  column_list(c, M2M_LEFT),
									  column_list(c, M2M_RIGHT)));
	if (!c->not_null)
	{
		for (int i = 0; i < c->natts; i++)
		{
			M2mCandidateColumn *column = &c->columns[i];

			if (bms_is_member(i + 1, c->pair) && !column->no_null)
				c->missing = lappend(c->missing,
									 psprintf("not null of %s",
											  quote_identifier(column->name)));
		}
	}
	if (c->deleted != 0)
		c->missing = lappend(c->missing,
							 psprintf("a word whether rows that %s marks as deleted are links",
									  quote_identifier(c->columns[c->deleted - 1].name)));
	if (!c->evident && !c->named)
		c->missing = lappend(c->missing,
							 pstrdup("a word which of its foreign keys are meant"));
}

/* column_list: "a, b" of one side. */
static char *
column_list(M2mCandidate *c, M2mSide side)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, m2m_candidate_columns(c, side))
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 quote_identifier(strVal(lfirst(lc))));
	return buf.data;
}

/*
 * m2m_candidate_judge: what the table has and lacks, once its pair is known;
 * the score, and whether it needs nobody's word.
 */
void
m2m_candidate_judge(M2mCandidate *c)
{
	describe_key(c);
	describe_own(c);
	c->tools = m2m_candidate_tools(c);
	find_missing(c);
	rate(c);
}

/* rate: the score, and whether the table needs nobody's word. */
static void
rate(M2mCandidate *c)
{
	int			guessed = c->guessed[M2M_LEFT] + c->guessed[M2M_RIGHT];
	bool		named = list_member(c->tools, makeString("rails")) ||
		list_member(c->tools, makeString("laravel"));
	bool		entity = c->key < M2M_CANDIDATE_KEY_WIDER && c->own;

	c->score = guessed == 0 ? POINTS_KEYS_BOTH :
		named ? POINTS_NAMED : guessed == 1 ? POINTS_KEYS_ONE : 0;
	if (c->key == M2M_CANDIDATE_KEY_PAIR)
		c->score += POINTS_KEY_PAIR;
	else if (c->key == M2M_CANDIDATE_KEY_PRIMARY)
		c->score += POINTS_KEY_PRIMARY;
	else if (c->key == M2M_CANDIDATE_KEY_WIDER)
		c->score += POINTS_KEY_WIDER;
	else if (c->key == M2M_CANDIDATE_KEY_NONE && !c->own)
		c->score += POINTS_KEY_NONE;
	else if (!entity)
		c->score += POINTS_KEY_OTHER;
	if (!c->own)
		c->score += POINTS_OWN_NONE;
	else if (!entity)
		c->score += c->own_required ? POINTS_OWN_REQUIRED :
			POINTS_OWN_OPTIONAL;
	if (c->referenced)
		c->score += POINTS_REFERENCED;
	if (!c->evident)
		c->score += POINTS_NOT_EVIDENT;
	if (!c->not_null)
		c->score += POINTS_NULLS;
	c->score = Max(c->score, 0);

	c->ready = c->missing == NIL &&
		(c->key >= M2M_CANDIDATE_KEY_PRIMARY || !c->referenced);
	c->plain = c->ready && c->evident && c->tools != NIL && !c->own_required &&
		!may_be_third(c);
}

/*
 * may_be_third: is there a column beside the pair, in what tells one link from
 * another, that may get a foreign key yet: a number or uuid that has to be
 * given?  Migrations add foreign keys one by one, and of three in a key the
 * first two are not the pair.
 */
static bool
may_be_third(M2mCandidate *c)
{
	ListCell   *lc;

	foreach(lc, c->identity)
	{
		M2mCandidateColumn *column = &c->columns[lfirst_int(lc) - 1];
		Oid			type = m2m_catalog_base_type(column->type);

		if (!column->filled &&
			(type == INT2OID || type == INT4OID || type == INT8OID ||
			 type == UUIDOID))
			return true;
	}
	return false;
}
