/*
 * question_internal.h
 *		What the files of questions share.
 */
#ifndef M2M_QUESTION_INTERNAL_H
#define M2M_QUESTION_INTERNAL_H

#include "lib/stringinfo.h"
#include "nodes/execnodes.h"
#include "storage/block.h"
#include "storage/buf.h"
#include "storage/bufpage.h"
#include "storage/off.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "question.h"

/* Parameters of a statement, as they are gathered. */
typedef struct M2mParameters
{
	int			n;
	int			room;
	Oid		   *type;
	Datum	   *value;
} M2mParameters;

/* Rows being found by their keys; owned by seek.c. */
typedef struct M2mSeek M2mSeek;

/* Rows being fetched by their keys; owned by fetch.c. */
typedef struct M2mFetch M2mFetch;

/* What lists of one index have in common; owned by index_list.c. */
typedef struct M2mLists M2mLists;

/*
 * Entries of an index that begin with the same values, in order.  Others read
 * begun, ended and head, and nothing else.
 */
typedef struct M2mList
{
	M2mLists   *lists;
	struct BTScanInsertData *search;
	bool		begun;			/* has anything been read? */
	bool		ended;			/* there is none left */
	Datum		head;			/* value come to; good until the list moves */
	Page		page;			/* copy of a leaf page */
	Buffer		leaf;			/* that page, pinned; or InvalidBuffer */
	OffsetNumber at;			/* of the entry come to */
	OffsetNumber beyond;		/* first behind those of the list on the page */
	bool		last;			/* it does not go on to the right of the page */
	BlockNumber parent_block;	/* above the leaf searched last; or invalid */
	bool		has_parent;		/* there is a copy of that ... */
	Page		parent;			/* ... here ... */
	OffsetNumber parent_at;		/* ... and what is to come is not before this */
} M2mList;

/* question_text.c: what statements have in common, and running them */
extern char *m2m_whole_row(Oid relid);
extern void m2m_append_links(StringInfo sql, M2mRelationship *rel,
							 M2mSide far);
extern void m2m_append_association(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_row_match(StringInfo sql, M2mRelationship *rel,
								 M2mSide side, const char *alias);
extern void m2m_append_source_match(StringInfo sql, M2mRelationship *rel,
									M2mSide side, const char *source);
extern void m2m_append_rows(StringInfo sql, M2mRelationship *rel,
							M2mSide side);
extern char *m2m_row_key_list(M2mRelationship *rel, M2mSide side, bool named);
extern void m2m_append_linked(StringInfo sql, M2mRelationship *rel,
							  M2mSide side);
extern void m2m_append_ids(StringInfo sql, M2mRelationship *rel,
						   M2mSide side, M2mIds *ids, const char *alias,
						   bool numbered, M2mParameters *parameters);
extern int	m2m_add_parameter(M2mParameters *parameters, Oid type,
							  Datum value);
extern void m2m_run_question(const char *sql, M2mParameters *parameters,
							 ReturnSetInfo *rsinfo);

/* find_text.c: the SQL of a question, where the indexes alone will not do */
extern char *m2m_find_text(M2mFind *find, M2mParameters *parameters);
extern char *m2m_find_fetch_text(M2mFind *find);

/* index_list.c: entries of an index, as a sorted list */
extern bool m2m_index_is_readable(Relation index);
extern bool m2m_index_sorts_as(Relation table, Relation index, int position,
							   Oid collation);
extern M2mLists *m2m_lists_begin(Relation table, Relation index,
								 Snapshot snapshot, int nprefix,
								 M2mPairOrder *order, int column);
extern void m2m_lists_end(M2mLists *lists);
extern void m2m_list_begin(M2mLists *lists, M2mList *list,
						   const Datum *prefix);
extern void m2m_list_restart(M2mList *list, const Datum *prefix);
extern void m2m_list_end(M2mList *list);
extern bool m2m_list_seek(M2mList *list, bool has_key, Datum key,
						  bool beyond);
extern bool m2m_list_step(M2mList *list);
extern int	m2m_list_places(M2mList *list, ItemPointer *place);
extern TupleTableSlot *m2m_list_fetch(M2mList *list, ItemPointer place);
extern bool m2m_list_shows(M2mList *list, Datum key);
extern int	m2m_list_visible(M2mList *list);
extern int	m2m_list_compare(M2mList *list, Datum a, Datum b);

/* fetch.c: rows by their keys, from an index and the table */
extern M2mFetch *m2m_fetch_begin(M2mFind *find);
extern int64 m2m_fetch_rows(M2mFetch *fetch, Datum key, int64 most,
							Tuplestorestate *store);
extern void m2m_fetch_key(M2mFetch *fetch, Datum key);
extern TupleTableSlot *m2m_fetch_next(M2mFetch *fetch);
extern void m2m_fetch_end(M2mFetch *fetch);

/* counts.c: rows with the number of their links, from an index and the table */
extern bool m2m_counts_by_index(M2mRelationship *rel, M2mSide side, int most,
								ReturnSetInfo *rsinfo);

/* seek.c: keys of rows, from the association's indexes alone */
extern M2mSeek *m2m_seek_begin(M2mFind *find);
extern bool m2m_seek_next(M2mSeek *seek, Datum *key);
extern void m2m_seek_restart(M2mSeek *seek, M2mFind *find);
extern void m2m_seek_end(M2mSeek *seek);
extern bool m2m_is_plain_table(Relation relation);
extern bool m2m_may_select(Relation relation, Bitmapset *columns);

#endif							/* M2M_QUESTION_INTERNAL_H */
