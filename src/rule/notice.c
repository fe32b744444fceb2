/*
 * notice.c
 *		Notices: a NOTIFY for each statement that has linked or unlinked, for
 *		whoever listens: how many links, and which, if that was asked for.
 *
 * The message has a number that runs within the transaction: PostgreSQL folds
 * equal messages of one transaction, and a listener that adds up would end
 * wrong.  Keys are told only on request, as whoever can connect can listen.
 */
#include "postgres.h"

#include "access/twophase.h"
#include "access/xact.h"
#include "commands/async.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* Statements of a notice: a count and a list of pairs. */
typedef enum NoticeStatement
{
	NOTICE_LINKED,
	NOTICE_UNLINKED,
	NOTICE_MADE,				/* by UPDATE */
	NOTICE_REMOVED
} NoticeStatement;

/* More bytes than this make no message; more pairs are not tried. */
#define PAYLOAD_MAX 7999
#define PAIRS_MAX 2000

/* Messages that a transaction has sent, and which one that is. */
static int64 sent = 0;
static LocalTransactionId sent_by = InvalidLocalTransactionId;

static bool notice_read(M2mRule *rule);
static void notice_after(M2mRule *rule, M2mRuleChange *change);
static char *notice_text(M2mRule *rule, int statement);
static char *notice_definition(M2mRule *rule);
static int64 count_links(M2mRule *rule, NoticeStatement statement, int64 rows,
						 char **pairs);
static void send_notice(M2mRule *rule, int64 linked, char *linked_pairs,
						int64 unlinked, char *unlinked_pairs, int64 changed,
						bool truncated);
static char *compose(M2mRule *rule, int64 linked, char *linked_pairs,
					 int64 unlinked, char *unlinked_pairs, int64 changed,
					 bool truncated);

PG_FUNCTION_INFO_V1(m2m_notice_links);

const M2mRuleKind m2m_notice_kind = {
	.name = "notice",
	.function = "m2m_notice_links",
	.on_side = false,
	.read = notice_read,
	.after = notice_after,
	.text = notice_text,
	.definition = notice_definition,
};

/* string[0]: the channel; number[0]: with keys? */
#define CHANNEL(rule) ((rule)->string[0])
#define WITH_KEYS(rule) ((rule)->number[0] != 0)

/*
 * m2m_notice_links: SQL function; trigger of a notice.
 */
Datum
m2m_notice_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_notice_kind);
}

/*
 * m2m_notice_define: notifies a channel of what is linked and unlinked, in
 * place of one of before.  Errors: those of m2m_rule_begin(); 22023 for a
 * channel that can be none.
 */
void
m2m_notice_define(Oid association, const char *channel, bool keys)
{
	M2mRelationship *rel = m2m_rule_begin(association, "notice");
	char	   *name = m2m_rule_name(&m2m_notice_kind, NULL);
	M2mRule    *rule = m2m_rule_find(rel, name);
	List	   *args = list_make1(psprintf("channel=%s", channel));

	/* as Async_Notify() asks, but before the first link is written */
	if (*channel == '\0' || strlen(channel) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 *channel == '\0' ? errmsg("channel name cannot be empty") :
				 errmsg("channel name too long")));
	if (rule != NULL)
	{
		m2m_rule_remove(rule);
		m2m_relationship_changed(association);
	}
	if (keys)
		args = lappend(args, pstrdup("keys=1"));
	m2m_rule_create(rel, &m2m_notice_kind, name,
					M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
					M2M_RULE_TRUNCATE, args, InvalidOid,
					psprintf("m2m: notifies channel \"%s\" of links that are made and removed;"
							 " m2m_drop_rule() ends it.",
							 channel));
	if (max_prepared_xacts > 0)
		ereport(NOTICE,
				(errmsg("transactions that write links of \"%s\" can no longer be prepared",
						get_rel_name(association)),
				 errdetail("PREPARE TRANSACTION refuses those that have executed NOTIFY.")));
}

/* notice_read: the channel. */
static bool
notice_read(M2mRule *rule)
{
	const char *channel = m2m_rule_argument(rule, "channel");

	if (channel == NULL || *channel == '\0' || strlen(channel) >= NAMEDATALEN)
		return false;
	CHANNEL(rule) = pstrdup(channel);
	rule->number[0] = m2m_rule_number(rule, "keys") > 0 ? 1 : 0;
	rule->needs = M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
		M2M_RULE_TRUNCATE;
	return true;
}

/*
 * notice_after: after a statement or call: a message where something has
 * changed.  What a call has removed and made are two, as by statements.
 */
static void
notice_after(M2mRule *rule, M2mRuleChange *change)
{
	int64		linked = 0;
	int64		unlinked = 0;
	int64		rows = 0;
	char	   *linked_pairs = NULL;
	char	   *unlinked_pairs = NULL;

	if (change->truncated)
	{
		send_notice(rule, 0, NULL, 0, NULL, 0, true);
		return;
	}
	m2m_rule_connect(change);
	if (change->unlinked != NULL)
		unlinked = count_links(rule, change->update ? NOTICE_REMOVED :
							   NOTICE_UNLINKED,
							   tuplestore_tuple_count(change->unlinked),
							   &unlinked_pairs);
	if (change->linked != NULL)
		linked = count_links(rule, change->update ? NOTICE_MADE :
							 NOTICE_LINKED,
							 tuplestore_tuple_count(change->linked),
							 &linked_pairs);
	if (change->update)
	{
		rows = tuplestore_tuple_count(change->linked);
		if (rows > 0)
			send_notice(rule, linked, linked_pairs, unlinked, unlinked_pairs,
						rows - Max(linked, unlinked), false);
	}
	else
	{
		if (unlinked > 0)
			send_notice(rule, 0, NULL, unlinked, unlinked_pairs, 0, false);
		if (linked > 0)
			send_notice(rule, linked, linked_pairs, 0, NULL, 0, false);
	}
	m2m_rule_finish();
}

/*
 * count_links: how many links there are among rows, and which, as JSON, if
 * that is to be told and they are not too many.
 */
static int64
count_links(M2mRule *rule, NoticeStatement statement, int64 rows,
			char **pairs)
{
	bool		isnull;

	if (rows == 0)
		return 0;
	m2m_rule_execute(rule, statement, rows > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	if (WITH_KEYS(rule))
		*pairs = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
							  2);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * send_notice: a message; without its keys where they do not fit.
 */
static void
send_notice(M2mRule *rule, int64 linked, char *linked_pairs, int64 unlinked,
			char *unlinked_pairs, int64 changed, bool truncated)
{
	char	   *payload;

	if (sent_by != m2m_my_lxid())
		sent = 0;
	sent_by = m2m_my_lxid();
	sent++;
	payload = compose(rule, linked, linked_pairs, unlinked, unlinked_pairs,
					  changed, truncated);
	if (strlen(payload) > PAYLOAD_MAX)
		payload = compose(rule, linked, NULL, unlinked, NULL, changed,
						  truncated);
	Async_Notify(CHANNEL(rule), payload);
}

/* compose: the message, a JSON object. */
static char *
compose(M2mRule *rule, int64 linked, char *linked_pairs, int64 unlinked,
		char *unlinked_pairs, int64 changed, bool truncated)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"relationship\": ");
	escape_json(&json, m2m_qualified_name(rule->rel->association));
	appendStringInfo(&json, ", \"xid\": \"" UINT64_FORMAT "\", \"n\": " INT64_FORMAT,
					 U64FromFullTransactionId(GetTopFullTransactionId()),
					 sent);
	if (truncated)
		appendStringInfoString(&json, ", \"truncated\": true");
	else
		appendStringInfo(&json, ", \"linked\": " INT64_FORMAT ", \"unlinked\": " INT64_FORMAT,
						 linked, unlinked);
	if (changed > 0)
		appendStringInfo(&json, ", \"changed\": " INT64_FORMAT, changed);
	if (linked_pairs != NULL)
		appendStringInfo(&json, ", \"linked_keys\": %s", linked_pairs);
	if (unlinked_pairs != NULL)
		appendStringInfo(&json, ", \"unlinked_keys\": %s", unlinked_pairs);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* notice_text: the SQL of its statements. */
static char *
notice_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	char	   *pair = m2m_rule_pair(rel, "a");
	char	   *is_link = m2m_rule_is_link(rel, "a");
	char	   *linked = psprintf("SELECT %s FROM linked a WHERE %s", pair,
								  is_link);
	char	   *unlinked = psprintf("SELECT %s FROM unlinked a WHERE %s", pair,
									is_link);
	char	   *links = NULL;
	StringInfoData object;

	switch ((NoticeStatement) statement)
	{
		case NOTICE_LINKED:
			links = linked;
			break;
		case NOTICE_UNLINKED:
			links = unlinked;
			break;
		case NOTICE_MADE:
			links = psprintf("%s EXCEPT ALL %s", linked, unlinked);
			break;
		case NOTICE_REMOVED:
			links = psprintf("%s EXCEPT ALL %s", unlinked, linked);
			break;
	}
	if (!WITH_KEYS(rule))
		return psprintf("SELECT pg_catalog.count(*) FROM (%s) a", links);
	initStringInfo(&object);
	for (int i = 0; i < rel->nlink; i++)
	{
		char	   *name = get_attname(rel->association, rel->link[i], false);

		appendStringInfo(&object, "%s%s, a.%s", i > 0 ? ", " : "",
						 quote_literal_cstr(name), quote_identifier(name));
	}

	/* of more than fit in any message none is collected */
	return psprintf("WITH a AS MATERIALIZED (%s) SELECT (SELECT pg_catalog.count(*) FROM a),"
					" (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(%s) ORDER BY"
					" %s) FROM a"
					" WHERE (SELECT pg_catalog.count(*) FROM a) OPERATOR(pg_catalog.<=) %d)",
					links, object.data, pair, PAIRS_MAX);
}

/* notice_definition: the call. */
static char *
notice_definition(M2mRule *rule)
{
	return m2m_rule_call(rule, "m2m_notify",
						 psprintf("%s%s", quote_literal_cstr(CHANNEL(rule)),
								  WITH_KEYS(rule) ? ", keys => true" : ""));
}
