--
-- Names: roles, link views, columns, association tables; what is too long for
-- an identifier, what has to be quoted, and what is taken
--
\set SHOW_CONTEXT never
CREATE SCHEMA naming;
SET search_path = naming, public;

-- The names of one relationship, to look at
CREATE FUNCTION names(association regclass)
RETURNS TABLE (what text, "left" text, "right" text)
LANGUAGE sql AS $$
    SELECT x.* FROM public.m2m_relationships() r, LATERAL (VALUES
        ('association', r.association::text, NULL),
        ('table', r.left_table::text, r.right_table::text),
        ('role', r.left_role, r.right_role),
        ('columns', r.left_columns::text, r.right_columns::text),
        ('view', r.left_view::text, r.right_view::text),
        ('function', r.left_function::text, r.right_function::text)) x
    WHERE r.association = $1
$$;

--
-- English: a role is the singular of its table's name, a link view is called
-- by the role it starts from and the plural of the other
--
CREATE TABLE noun (singular text, plural text);
INSERT INTO noun VALUES
    ('book', 'books'), ('user', 'users'), ('tag', 'tags'), ('post', 'posts'),
    ('order', 'orders'), ('image', 'images'), ('role', 'roles'),
    ('price', 'prices'), ('device', 'devices'), ('slice', 'slices'),
    ('category', 'categories'), ('country', 'countries'), ('city', 'cities'),
    ('company', 'companies'), ('query', 'queries'), ('day', 'days'),
    ('key', 'keys'), ('box', 'boxes'), ('fox', 'foxes'), ('sex', 'sexes'),
    ('index', 'indexes'), ('branch', 'branches'), ('batch', 'batches'),
    ('hash', 'hashes'), ('class', 'classes'), ('address', 'addresses'),
    ('process', 'processes'), ('boss', 'bosses'), ('buzz', 'buzzes'),
    ('status', 'statuses'), ('bus', 'buses'), ('virus', 'viruses'),
    ('bonus', 'bonuses'), ('census', 'censuses'), ('octopus', 'octopuses'),
    ('house', 'houses'), ('clause', 'clauses'), ('spouse', 'spouses'),
    ('use', 'uses'), ('alias', 'aliases'), ('atlas', 'atlases'),
    ('bias', 'biases'), ('canvas', 'canvases'), ('gas', 'gases'),
    ('lens', 'lenses'), ('metropolis', 'metropolises'), ('move', 'moves'),
    ('shoe', 'shoes'), ('horseshoe', 'horseshoes'), ('cookie', 'cookies'),
    ('movie', 'movies'), ('tie', 'ties'), ('zombie', 'zombies'),
    ('selfie', 'selfies'), ('cache', 'caches'), ('webcache', 'webcaches'),
    ('niche', 'niches'), ('database', 'databases'), ('codebase', 'codebases'),
    ('knowledge_base', 'knowledge_bases'), ('release', 'releases'),
    ('license', 'licenses'), ('course', 'courses'), ('expense', 'expenses'),
    ('case', 'cases'), ('phase', 'phases'), ('phrase', 'phrases'),
    ('size', 'sizes'), ('dose', 'doses'), ('purpose', 'purposes'),
    ('exercise', 'exercises'), ('axis', 'axes'), ('tree', 'trees'),
    ('wolf', 'wolves'), ('knife', 'knives'), ('leaf', 'leaves'),
    ('life', 'lives'), ('shelf', 'shelves'), ('bookshelf', 'bookshelves'),
    ('self', 'selves'), ('housewife', 'housewives'), ('roof', 'roofs'),
    ('chief', 'chiefs'), ('archive', 'archives'), ('hero', 'heroes'),
    ('potato', 'potatoes'), ('tomato', 'tomatoes'), ('echo', 'echoes'),
    ('photo', 'photos'), ('video', 'videos'), ('logo', 'logos'),
    ('analysis', 'analyses'), ('basis', 'bases'), ('crisis', 'crises'),
    ('thesis', 'theses'), ('hypothesis', 'hypotheses'),
    ('diagnosis', 'diagnoses'), ('synopsis', 'synopses'), ('medium', 'media'),
    ('criterion', 'criteria'), ('phenomenon', 'phenomena'),
    ('matrix', 'matrices'), ('vertex', 'vertices'),
    ('appendix', 'appendices'), ('alumnus', 'alumni'), ('cactus', 'cacti'),
    ('radius', 'radii'), ('corpus', 'corpora'), ('schema', 'schemas'),
    ('formula', 'formulas'), ('person', 'people'),
    ('salesperson', 'salespeople'), ('child', 'children'), ('man', 'men'),
    ('woman', 'women'), ('policeman', 'policemen'), ('human', 'humans'),
    ('specimen', 'specimens'), ('foot', 'feet'), ('tooth', 'teeth'),
    ('goose', 'geese'), ('mouse', 'mice'), ('ox', 'oxen'),
    ('quiz', 'quizzes'), ('die', 'dice'), ('menu', 'menus'),
    ('submenu', 'submenus'), ('sku', 'skus'), ('cpu', 'cpus'),
    ('taxi', 'taxis'), ('api', 'apis'), ('bureau', 'bureaus'),
    ('stomach', 'stomachs'), ('tech', 'techs'), ('series', 'series'),
    ('timeseries', 'timeseries'), ('news', 'news'),
    ('information', 'information'), ('equipment', 'equipment'),
    ('money', 'money'), ('fish', 'fish'), ('sheep', 'sheep'),
    ('reindeer', 'reindeer'), ('police', 'police'), ('metadata', 'metadata'),
    ('software', 'software'), ('hardware', 'hardware'), ('staff', 'staff'),
    ('means', 'means'), ('analytics', 'analytics'), ('chassis', 'chassis'),
    ('info', 'info'), ('postmeta', 'postmeta'), ('kilohertz', 'kilohertz'),
    ('obs', 'obs'), ('sys', 'sys'), ('rss', 'rss'), ('czech', 'czechs'),
    ('subcriterion', 'subcriteria'), ('ganglion', 'ganglia'),
    ('bill_of_materials', 'bills_of_materials'), ('PointOfSale', 'PointsOfSale'),
    ('UNIT_OF_MEASURE', 'UNITS_OF_MEASURE'), ('terms_of_use', 'terms_of_use'),
    ('end_of_day_report', 'end_of_day_reports'), ('proof', 'proofs'),
    ('out_of', 'out_ofs'), ('roof_tile', 'roof_tiles'),
    ('order2_of_day1', 'order2s_of_day1'), ('UserURL', 'UserURLs'),
    ('topic', 'topics'), ('metric', 'metrics'), ('statistic', 'statistics'),
    ('idea', 'ideas'), ('persona', 'personas'), ('blog_post', 'blog_posts'),
    ('BlogPost', 'BlogPosts'), ('blogPerson', 'blogPeople'),
    ('to_person', 'to_people'), ('order-item', 'order-items'),
    ('User', 'Users'), ('USER', 'USERS'), ('Person', 'People'),
    ('PERSON', 'PEOPLE'), ('BOX', 'BOXES'), ('CITY', 'CITIES'),
    ('CHILD', 'CHILDREN'), ('user_status', 'user_statuses'),
    ('OrderStatus', 'OrderStatuses'), ('HTTPServer', 'HTTPServers'),
    ('API', 'APIS'), ('user_URL', 'user_URLS'), ('WOLF', 'WOLVES'),
    ('to_BOX', 'to_BOXES'), ('BlogADDRESS', 'BlogADDRESSES'),
    ('TimeSeries', 'TimeSeries'), ('Policeman', 'Policemen'),
    ('table2', 'table2s'), ('TABLE2', 'TABLE2S'), ('blog post', 'blog posts');
SELECT count(*) FROM noun;

-- A table of each plural, and in another schema one of each singular, each
-- related to "things"
CREATE SCHEMA naming_plural;
CREATE SCHEMA naming_singular;
CREATE TABLE naming_plural.things (id int PRIMARY KEY);
CREATE TABLE naming_singular.things (id int PRIMARY KEY);
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT plural FROM noun LOOP
        EXECUTE format('CREATE TABLE naming_plural.%I (id int PRIMARY KEY)', name);
        PERFORM m2m_create('naming_plural.things', format('naming_plural.%I', name));
    END LOOP;
    FOR name IN SELECT singular FROM noun LOOP
        EXECUTE format('CREATE TABLE naming_singular.%I (id int PRIMARY KEY)', name);
        PERFORM m2m_create('naming_singular.things', format('naming_singular.%I', name));
    END LOOP;
END
$$;

-- Those that got a wrong name: none
CREATE VIEW named AS
    SELECT n.nspname AS schema, t.relname AS "table",
           a.relname AS association, r.left_role, r.right_role,
           r.left_columns[1] AS left_column, r.right_columns[1] AS right_column,
           lv.relname AS left_view, rv.relname AS right_view
    FROM m2m_relationships() r
         JOIN pg_class a ON a.oid = r.association
         JOIN pg_class t ON t.oid = r.right_table
         JOIN pg_namespace n ON n.oid = t.relnamespace
         LEFT JOIN pg_class lv ON lv.oid = r.left_view
         LEFT JOIN pg_class rv ON rv.oid = r.right_view;

SELECT noun.*, named.*
FROM noun CROSS JOIN (VALUES ('naming_plural'), ('naming_singular')) s (schema)
     LEFT JOIN named ON named.schema = s.schema AND named."table" =
        CASE s.schema WHEN 'naming_plural' THEN plural ELSE singular END
WHERE (association, left_role, right_role, left_column, right_column,
       left_view, right_view) IS DISTINCT FROM
      ('things_' || "table", 'thing', singular, 'thing_id', singular || '_id',
       'thing_' || plural, singular || '_things');
SELECT schema, count(*) FROM named GROUP BY schema ORDER BY schema;

SET client_min_messages = warning;
DROP SCHEMA naming_plural CASCADE;
DROP SCHEMA naming_singular CASCADE;
RESET client_min_messages;

--
-- The same for tables as they are called in the schemas of well-known samples
-- and applications.  A table whose name is a plural keeps it as it is: "persons"
-- of role "person" are not people.
--
CREATE TABLE real_table (sample text, name text PRIMARY KEY, singular text, plural text);
INSERT INTO real_table VALUES
    ('Pagila', 'actor', 'actor', 'actors'), ('Pagila', 'address', 'address', 'addresses'),
    ('Pagila', 'category', 'category', 'categories'), ('Pagila', 'city', 'city', 'cities'),
    ('Pagila', 'country', 'country', 'countries'), ('Pagila', 'customer', 'customer', 'customers'),
    ('Pagila', 'film', 'film', 'films'), ('Pagila', 'film_actor', 'film_actor', 'film_actors'),
    ('Pagila', 'film_category', 'film_category', 'film_categories'),
    ('Pagila', 'inventory', 'inventory', 'inventories'), ('Pagila', 'language', 'language', 'languages'),
    ('Pagila', 'payment', 'payment', 'payments'), ('Pagila', 'rental', 'rental', 'rentals'),
    ('Pagila', 'staff', 'staff', 'staff'), ('Pagila', 'store', 'store', 'stores'),
    ('Chinook', 'Artist', 'Artist', 'Artists'), ('Chinook', 'Album', 'Album', 'Albums'),
    ('Chinook', 'Track', 'Track', 'Tracks'), ('Chinook', 'Playlist', 'Playlist', 'Playlists'),
    ('Chinook', 'PlaylistTrack', 'PlaylistTrack', 'PlaylistTracks'),
    ('Chinook', 'MediaType', 'MediaType', 'MediaTypes'), ('Chinook', 'InvoiceLine', 'InvoiceLine', 'InvoiceLines'),
    ('Chinook', 'Employee', 'Employee', 'Employees'), ('Chinook', 'Genre', 'Genre', 'Genres'),
    ('Chinook', 'playlist_track', 'playlist_track', 'playlist_tracks'),
    ('Chinook', 'invoice_line', 'invoice_line', 'invoice_lines'),
    ('Chinook', 'media_type', 'media_type', 'media_types'), ('Northwind', 'categories', 'category', 'categories'),
    ('Northwind', 'customers', 'customer', 'customers'),
    ('Northwind', 'customer_customer_demo', 'customer_customer_demo', 'customer_customer_demos'),
    ('Northwind', 'customer_demographics', 'customer_demographic', 'customer_demographics'),
    ('Northwind', 'employees', 'employee', 'employees'),
    ('Northwind', 'employee_territories', 'employee_territory', 'employee_territories'),
    ('Northwind', 'orders', 'order', 'orders'), ('Northwind', 'order_details', 'order_detail', 'order_details'),
    ('Northwind', 'products', 'product', 'products'), ('Northwind', 'region', 'region', 'regions'),
    ('Northwind', 'shippers', 'shipper', 'shippers'), ('Northwind', 'suppliers', 'supplier', 'suppliers'),
    ('Northwind', 'territories', 'territory', 'territories'), ('Northwind', 'us_states', 'us_state', 'us_states'),
    ('Northwind', 'Order Details', 'Order Detail', 'Order Details'),
    ('Northwind', 'EmployeeTerritories', 'EmployeeTerritory', 'EmployeeTerritories'),
    ('Northwind', 'CustomerDemographics', 'CustomerDemographic', 'CustomerDemographics'),
    ('AdventureWorks', 'Person', 'Person', 'People'), ('AdventureWorks', 'Address', 'Address', 'Addresses'),
    ('AdventureWorks', 'BusinessEntity', 'BusinessEntity', 'BusinessEntities'),
    ('AdventureWorks', 'BusinessEntityAddress', 'BusinessEntityAddress', 'BusinessEntityAddresses'),
    ('AdventureWorks', 'CountryRegion', 'CountryRegion', 'CountryRegions'),
    ('AdventureWorks', 'EmailAddress', 'EmailAddress', 'EmailAddresses'),
    ('AdventureWorks', 'PersonPhone', 'PersonPhone', 'PersonPhones'),
    ('AdventureWorks', 'StateProvince', 'StateProvince', 'StateProvinces'),
    ('AdventureWorks', 'EmployeePayHistory', 'EmployeePayHistory', 'EmployeePayHistories'),
    ('AdventureWorks', 'BillOfMaterials', 'BillOfMaterials', 'BillsOfMaterials'),
    ('AdventureWorks', 'Culture', 'Culture', 'Cultures'),
    ('AdventureWorks', 'ProductCategory', 'ProductCategory', 'ProductCategories'),
    ('AdventureWorks', 'ProductInventory', 'ProductInventory', 'ProductInventories'),
    ('AdventureWorks', 'ProductPhoto', 'ProductPhoto', 'ProductPhotos'),
    ('AdventureWorks', 'ProductModelProductDescriptionCulture', 'ProductModelProductDescriptionCulture', 'ProductModelProductDescriptionCultures'),
    ('AdventureWorks', 'UnitMeasure', 'UnitMeasure', 'UnitMeasures'),
    ('AdventureWorks', 'CountryRegionCurrency', 'CountryRegionCurrency', 'CountryRegionCurrencies'),
    ('AdventureWorks', 'CreditCard', 'CreditCard', 'CreditCards'),
    ('AdventureWorks', 'CurrencyRate', 'CurrencyRate', 'CurrencyRates'),
    ('AdventureWorks', 'SalesPerson', 'SalesPerson', 'SalesPeople'),
    ('AdventureWorks', 'SalesReason', 'SalesReason', 'SalesReasons'),
    ('AdventureWorks', 'SalesTaxRate', 'SalesTaxRate', 'SalesTaxRates'),
    ('AdventureWorks', 'SalesTerritory', 'SalesTerritory', 'SalesTerritories'),
    ('AdventureWorks', 'SpecialOffer', 'SpecialOffer', 'SpecialOffers'),
    ('AdventureWorks', 'WorkOrderRouting', 'WorkOrderRouting', 'WorkOrderRoutings'),
    ('AdventureWorks', 'ShoppingCartItem', 'ShoppingCartItem', 'ShoppingCartItems'),
    ('AdventureWorks', 'salesperson', 'salesperson', 'salespeople'),
    ('AdventureWorks', 'businessentityaddress', 'businessentityaddress', 'businessentityaddresses'),
    ('AdventureWorks', 'salesterritoryhistory', 'salesterritoryhistory', 'salesterritoryhistories'),
    ('AdventureWorks', 'shipmethod', 'shipmethod', 'shipmethods'),
    ('AdventureWorks', 'scrapreason', 'scrapreason', 'scrapreasons'),
    ('AdventureWorks', 'productsubcategory', 'productsubcategory', 'productsubcategories'),
    ('Mondial', 'province', 'province', 'provinces'), ('Mondial', 'economy', 'economy', 'economies'),
    ('Mondial', 'population', 'population', 'populations'), ('Mondial', 'politics', 'politics', 'politics'),
    ('Mondial', 'religion', 'religion', 'religions'), ('Mondial', 'ethnicgroup', 'ethnicgroup', 'ethnicgroups'),
    ('Mondial', 'continent', 'continent', 'continents'), ('Mondial', 'borders', 'border', 'borders'),
    ('Mondial', 'organization', 'organization', 'organizations'),
    ('Mondial', 'encompasses', 'encompass', 'encompasses'), ('Mondial', 'ismember', 'ismember', 'ismembers'),
    ('Mondial', 'mountain', 'mountain', 'mountains'), ('Mondial', 'desert', 'desert', 'deserts'),
    ('Mondial', 'island', 'island', 'islands'), ('Mondial', 'river', 'river', 'rivers'),
    ('Mondial', 'lake', 'lake', 'lakes'), ('Mondial', 'sea', 'sea', 'seas'),
    ('Mondial', 'airport', 'airport', 'airports'), ('Mondial', 'countrypops', 'countrypop', 'countrypops'),
    ('Mondial', 'citylocalname', 'citylocalname', 'citylocalnames'),
    ('Mondial', 'geo_source', 'geo_source', 'geo_sources'),
    ('Mondial', 'geo_estuary', 'geo_estuary', 'geo_estuaries'), ('Mondial', 'geo_sea', 'geo_sea', 'geo_seas'),
    ('Mondial', 'mountainonisland', 'mountainonisland', 'mountainonislands'),
    ('MusicBrainz', 'artist', 'artist', 'artists'), ('MusicBrainz', 'artist_alias', 'artist_alias', 'artist_aliases'),
    ('MusicBrainz', 'artist_credit_name', 'artist_credit_name', 'artist_credit_names'),
    ('MusicBrainz', 'area', 'area', 'areas'), ('MusicBrainz', 'release', 'release', 'releases'),
    ('MusicBrainz', 'release_status', 'release_status', 'release_statuses'),
    ('MusicBrainz', 'release_group', 'release_group', 'release_groups'),
    ('MusicBrainz', 'recording', 'recording', 'recordings'), ('MusicBrainz', 'medium', 'medium', 'media'),
    ('MusicBrainz', 'medium_cdtoc', 'medium_cdtoc', 'medium_cdtocs'), ('MusicBrainz', 'isrc', 'isrc', 'isrcs'),
    ('MusicBrainz', 'url', 'url', 'urls'), ('MusicBrainz', 'series', 'series', 'series'),
    ('MusicBrainz', 'editor_collection_series', 'editor_collection_series', 'editor_collection_series'),
    ('MusicBrainz', 'work', 'work', 'works'), ('MusicBrainz', 'vote', 'vote', 'votes'),
    ('MusicBrainz', 'label_ipi', 'label_ipi', 'label_ipis'),
    ('MusicBrainz', 'genre_alias', 'genre_alias', 'genre_aliases'),
    ('MusicBrainz', 'l_artist_release', 'l_artist_release', 'l_artist_releases'),
    ('MusicBrainz', 'work_attribute_type_allowed_value', 'work_attribute_type_allowed_value', 'work_attribute_type_allowed_values'),
    ('MusicBrainz', 'event_meta', 'event_meta', 'event_meta'),
    ('MusicBrainz', 'country_area', 'country_area', 'country_areas'),
    ('MusicBrainz', 'instrument', 'instrument', 'instruments'), ('MusicBrainz', 'place', 'place', 'places'),
    ('MusicBrainz', 'edit_note', 'edit_note', 'edit_notes'), ('MusicBrainz', 'gender', 'gender', 'genders'),
    ('WordPress', 'wp_posts', 'wp_post', 'wp_posts'), ('WordPress', 'wp_postmeta', 'wp_postmeta', 'wp_postmeta'),
    ('WordPress', 'wp_comments', 'wp_comment', 'wp_comments'), ('WordPress', 'wp_terms', 'wp_term', 'wp_terms'),
    ('WordPress', 'wp_term_taxonomy', 'wp_term_taxonomy', 'wp_term_taxonomies'),
    ('WordPress', 'wp_term_relationships', 'wp_term_relationship', 'wp_term_relationships'),
    ('WordPress', 'wp_users', 'wp_user', 'wp_users'), ('WordPress', 'wp_usermeta', 'wp_usermeta', 'wp_usermeta'),
    ('WordPress', 'wp_options', 'wp_option', 'wp_options'), ('WordPress', 'wp_links', 'wp_link', 'wp_links'),
    ('WordPress', 'wp_blogs', 'wp_blog', 'wp_blogs'), ('WordPress', 'wp_sitemeta', 'wp_sitemeta', 'wp_sitemeta'),
    ('WordPress', 'wp_signups', 'wp_signup', 'wp_signups'),
    ('WordPress', 'wp_registration_log', 'wp_registration_log', 'wp_registration_logs'),
    ('Redmine', 'attachments', 'attachment', 'attachments'),
    ('Redmine', 'auth_sources', 'auth_source', 'auth_sources'), ('Redmine', 'boards', 'board', 'boards'),
    ('Redmine', 'changes', 'change', 'changes'), ('Redmine', 'changesets', 'changeset', 'changesets'),
    ('Redmine', 'changesets_issues', 'changesets_issue', 'changesets_issues'),
    ('Redmine', 'custom_fields_projects', 'custom_fields_project', 'custom_fields_projects'),
    ('Redmine', 'email_addresses', 'email_address', 'email_addresses'),
    ('Redmine', 'enumerations', 'enumeration', 'enumerations'),
    ('Redmine', 'groups_users', 'groups_user', 'groups_users'),
    ('Redmine', 'issue_categories', 'issue_category', 'issue_categories'),
    ('Redmine', 'issue_statuses', 'issue_status', 'issue_statuses'), ('Redmine', 'journals', 'journal', 'journals'),
    ('Redmine', 'member_roles', 'member_role', 'member_roles'), ('Redmine', 'news', 'news', 'news'),
    ('Redmine', 'projects_trackers', 'projects_tracker', 'projects_trackers'),
    ('Redmine', 'queries', 'query', 'queries'), ('Redmine', 'repositories', 'repository', 'repositories'),
    ('Redmine', 'time_entries', 'time_entry', 'time_entries'),
    ('Redmine', 'user_preferences', 'user_preference', 'user_preferences'),
    ('Redmine', 'watchers', 'watcher', 'watchers'), ('Redmine', 'wiki_pages', 'wiki_page', 'wiki_pages'),
    ('Redmine', 'wikis', 'wiki', 'wikis'), ('Redmine', 'workflows', 'workflow', 'workflows'),
    ('Redmine', 'versions', 'version', 'versions'), ('GitLab', 'abuse_reports', 'abuse_report', 'abuse_reports'),
    ('GitLab', 'appearances', 'appearance', 'appearances'), ('GitLab', 'approvals', 'approval', 'approvals'),
    ('GitLab', 'award_emoji', 'award_emoji', 'award_emojis'), ('GitLab', 'badges', 'badge', 'badges'),
    ('GitLab', 'ci_builds_metadata', 'ci_builds_metadata', 'ci_builds_metadata'),
    ('GitLab', 'ci_pipelines', 'ci_pipeline', 'ci_pipelines'),
    ('GitLab', 'container_repositories', 'container_repository', 'container_repositories'),
    ('GitLab', 'deploy_keys_projects', 'deploy_keys_project', 'deploy_keys_projects'),
    ('GitLab', 'environments', 'environment', 'environments'), ('GitLab', 'epics', 'epic', 'epics'),
    ('GitLab', 'fork_networks', 'fork_network', 'fork_networks'),
    ('GitLab', 'historical_data', 'historical_data', 'historical_data'),
    ('GitLab', 'identities', 'identity', 'identities'),
    ('GitLab', 'index_statuses', 'index_status', 'index_statuses'), ('GitLab', 'insights', 'insight', 'insights'),
    ('GitLab', 'issue_assignees', 'issue_assignee', 'issue_assignees'),
    ('GitLab', 'issue_metrics', 'issue_metric', 'issue_metrics'), ('GitLab', 'keys', 'key', 'keys'),
    ('GitLab', 'label_priorities', 'label_priority', 'label_priorities'),
    ('GitLab', 'lfs_objects_projects', 'lfs_objects_project', 'lfs_objects_projects'),
    ('GitLab', 'licenses', 'license', 'licenses'),
    ('GitLab', 'merge_request_diffs', 'merge_request_diff', 'merge_request_diffs'),
    ('GitLab', 'merge_requests_closing_issues', 'merge_requests_closing_issue', 'merge_requests_closing_issues'),
    ('GitLab', 'milestones', 'milestone', 'milestones'), ('GitLab', 'namespaces', 'namespace', 'namespaces'),
    ('GitLab', 'namespace_statistics', 'namespace_statistic', 'namespace_statistics'),
    ('GitLab', 'notes', 'note', 'notes'),
    ('GitLab', 'oauth_access_grants', 'oauth_access_grant', 'oauth_access_grants'),
    ('GitLab', 'project_aliases', 'project_alias', 'project_aliases'),
    ('GitLab', 'project_auto_devops', 'project_auto_devops', 'project_auto_devops'),
    ('GitLab', 'protected_branches', 'protected_branch', 'protected_branches'),
    ('GitLab', 'push_rules', 'push_rule', 'push_rules'), ('GitLab', 'routes', 'route', 'routes'),
    ('GitLab', 'services', 'service', 'services'), ('GitLab', 'snippets', 'snippet', 'snippets'),
    ('GitLab', 'software_licenses', 'software_license', 'software_licenses'),
    ('GitLab', 'suggestions', 'suggestion', 'suggestions'), ('GitLab', 'taggings', 'tagging', 'taggings'),
    ('GitLab', 'todos', 'todo', 'todos'), ('GitLab', 'user_statuses', 'user_status', 'user_statuses'),
    ('GitLab', 'users_star_projects', 'users_star_project', 'users_star_projects'),
    ('GitLab', 'vulnerabilities', 'vulnerability', 'vulnerabilities'),
    ('GitLab', 'web_hooks', 'web_hook', 'web_hooks'),
    ('GitLab', 'wiki_page_meta', 'wiki_page_meta', 'wiki_page_meta'),
    ('GitLab', 'x509_certificates', 'x509_certificate', 'x509_certificates'),
    ('GitLab', 'u2f_registrations', 'u2f_registration', 'u2f_registrations'),
    ('GitLab', 'releases', 'release', 'releases'), ('Discourse', 'bookmarks', 'bookmark', 'bookmarks'),
    ('Discourse', 'category_featured_topics', 'category_featured_topic', 'category_featured_topics'),
    ('Discourse', 'category_tags', 'category_tag', 'category_tags'),
    ('Discourse', 'color_scheme_colors', 'color_scheme_color', 'color_scheme_colors'),
    ('Discourse', 'custom_emojis', 'custom_emoji', 'custom_emojis'),
    ('Discourse', 'group_mentions', 'group_mention', 'group_mentions'), ('Discourse', 'invites', 'invite', 'invites'),
    ('Discourse', 'javascript_caches', 'javascript_cache', 'javascript_caches'),
    ('Discourse', 'stylesheet_cache', 'stylesheet_cache', 'stylesheet_caches'),
    ('Discourse', 'oauth2_user_infos', 'oauth2_user_info', 'oauth2_user_infos'),
    ('Discourse', 'post_replies', 'post_reply', 'post_replies'),
    ('Discourse', 'post_search_data', 'post_search_data', 'post_search_data'),
    ('Discourse', 'reviewable_histories', 'reviewable_history', 'reviewable_histories'),
    ('Discourse', 'tag_group_memberships', 'tag_group_membership', 'tag_group_memberships'),
    ('Discourse', 'topic_allowed_users', 'topic_allowed_user', 'topic_allowed_users'),
    ('Discourse', 'user_avatars', 'user_avatar', 'user_avatars'),
    ('Discourse', 'user_open_ids', 'user_open_id', 'user_open_ids'),
    ('Discourse', 'user_stats', 'user_stat', 'user_stats'), ('Discourse', 'user_visits', 'user_visit', 'user_visits'),
    ('Discourse', 'web_crawler_requests', 'web_crawler_request', 'web_crawler_requests'),
    ('Discourse', 'polls', 'poll', 'polls'), ('Discourse', 'quoted_posts', 'quoted_post', 'quoted_posts'),
    ('Discourse', 'themes', 'theme', 'themes'), ('Discourse', 'permalinks', 'permalink', 'permalinks'),
    ('Odoo', 'res_partner', 'res_partner', 'res_partners'),
    ('Odoo', 'res_partner_category', 'res_partner_category', 'res_partner_categories'),
    ('Odoo', 'res_users', 'res_user', 'res_users'), ('Odoo', 'res_groups', 'res_group', 'res_groups'),
    ('Odoo', 'res_company', 'res_company', 'res_companies'),
    ('Odoo', 'res_country_state', 'res_country_state', 'res_country_states'),
    ('Odoo', 'res_currency', 'res_currency', 'res_currencies'), ('Odoo', 'res_lang', 'res_lang', 'res_langs'),
    ('Odoo', 'ir_model_fields', 'ir_model_field', 'ir_model_fields'),
    ('Odoo', 'ir_model_data', 'ir_model_data', 'ir_model_data'),
    ('Odoo', 'ir_sequence', 'ir_sequence', 'ir_sequences'), ('Odoo', 'ir_ui_menu', 'ir_ui_menu', 'ir_ui_menus'),
    ('Odoo', 'product_template', 'product_template', 'product_templates'), ('Odoo', 'uom_uom', 'uom_uom', 'uom_uoms'),
    ('Odoo', 'account_move', 'account_move', 'account_moves'),
    ('Odoo', 'account_tax', 'account_tax', 'account_taxes'),
    ('Odoo', 'account_journal', 'account_journal', 'account_journals'),
    ('Odoo', 'stock_quant', 'stock_quant', 'stock_quants'),
    ('Odoo', 'stock_picking', 'stock_picking', 'stock_pickings'),
    ('Odoo', 'stock_warehouse', 'stock_warehouse', 'stock_warehouses'), ('Odoo', 'mrp_bom', 'mrp_bom', 'mrp_boms'),
    ('Odoo', 'hr_leave', 'hr_leave', 'hr_leaves'), ('Odoo', 'mail_alias', 'mail_alias', 'mail_aliases'),
    ('Odoo', 'mail_followers', 'mail_follower', 'mail_followers'),
    ('Odoo', 'mail_activity', 'mail_activity', 'mail_activities'),
    ('Odoo', 'calendar_attendees', 'calendar_attendee', 'calendar_attendees'),
    ('Odoo', 'fleet_vehicle_log_services', 'fleet_vehicle_log_service', 'fleet_vehicle_log_services'),
    ('Odoo', 'res_partner_bank', 'res_partner_bank', 'res_partner_banks'),
    ('Django', 'auth_user', 'auth_user', 'auth_users'),
    ('Django', 'auth_user_groups', 'auth_user_group', 'auth_user_groups'),
    ('Django', 'auth_permission', 'auth_permission', 'auth_permissions'),
    ('Django', 'django_migrations', 'django_migration', 'django_migrations'),
    ('Django', 'django_content_type', 'django_content_type', 'django_content_types'),
    ('Django', 'authtoken_token', 'authtoken_token', 'authtoken_tokens'),
    ('Django', 'taggit_taggeditem', 'taggit_taggeditem', 'taggit_taggeditems'),
    ('Django', 'account_emailaddress', 'account_emailaddress', 'account_emailaddresses'),
    ('Django', 'sentry_auditlogentry', 'sentry_auditlogentry', 'sentry_auditlogentries'),
    ('Django', 'sentry_projectkey', 'sentry_projectkey', 'sentry_projectkeys'),
    ('Django', 'sentry_identity', 'sentry_identity', 'sentry_identities'),
    ('Django', 'sentry_relay', 'sentry_relay', 'sentry_relays'),
    ('Django', 'sentry_commitfilechange', 'sentry_commitfilechange', 'sentry_commitfilechanges'),
    ('Mastodon', 'accounts', 'account', 'accounts'),
    ('Mastodon', 'account_aliases', 'account_alias', 'account_aliases'),
    ('Mastodon', 'announcement_mutes', 'announcement_mute', 'announcement_mutes'),
    ('Mastodon', 'appeals', 'appeal', 'appeals'), ('Mastodon', 'follows', 'follow', 'follows'),
    ('Mastodon', 'favourites', 'favourite', 'favourites'),
    ('Mastodon', 'featured_tags', 'featured_tag', 'featured_tags'),
    ('Mastodon', 'media_attachments', 'media_attachment', 'media_attachments'),
    ('Mastodon', 'preview_cards_statuses', 'preview_cards_status', 'preview_cards_statuses'),
    ('Mastodon', 'scheduled_statuses', 'scheduled_status', 'scheduled_statuses'),
    ('Mastodon', 'statuses', 'status', 'statuses'), ('Mastodon', 'statuses_tags', 'statuses_tag', 'statuses_tags'),
    ('Mastodon', 'status_trends', 'status_trend', 'status_trends'),
    ('Mastodon', 'account_statuses_cleanup_policies', 'account_statuses_cleanup_policy', 'account_statuses_cleanup_policies'),
    ('Mastodon', 'tombstones', 'tombstone', 'tombstones'),
    ('Mastodon', 'webauthn_credentials', 'webauthn_credential', 'webauthn_credentials'),
    ('Spree', 'spree_addresses', 'spree_address', 'spree_addresses'),
    ('Spree', 'spree_line_items', 'spree_line_item', 'spree_line_items'),
    ('Spree', 'spree_option_values', 'spree_option_value', 'spree_option_values'),
    ('Spree', 'spree_prices', 'spree_price', 'spree_prices'),
    ('Spree', 'spree_product_properties', 'spree_product_property', 'spree_product_properties'),
    ('Spree', 'spree_products_taxons', 'spree_products_taxon', 'spree_products_taxons'),
    ('Spree', 'spree_taxons', 'spree_taxon', 'spree_taxons'),
    ('Spree', 'spree_taxonomies', 'spree_taxonomy', 'spree_taxonomies'),
    ('Spree', 'spree_tax_categories', 'spree_tax_category', 'spree_tax_categories'),
    ('Spree', 'spree_zones', 'spree_zone', 'spree_zones'), ('MediaWiki', 'page', 'page', 'pages'),
    ('MediaWiki', 'revision', 'revision', 'revisions'), ('MediaWiki', 'archive', 'archive', 'archives'),
    ('MediaWiki', 'categorylinks', 'categorylink', 'categorylinks'),
    ('MediaWiki', 'recentchanges', 'recentchange', 'recentchanges'),
    ('MediaWiki', 'interwiki', 'interwiki', 'interwikis'), ('MediaWiki', 'querycache', 'querycache', 'querycaches'),
    ('MediaWiki', 'user_properties', 'user_property', 'user_properties'),
    ('MediaWiki', 'site_stats', 'site_stat', 'site_stats'), ('MediaWiki', 'content', 'content', 'contents'),
    ('MediaWiki', 'watchlist_expiry', 'watchlist_expiry', 'watchlist_expiries'),
    ('MediaWiki', 'uploadstash', 'uploadstash', 'uploadstashes'),
    ('MediaWiki', 'page_restrictions', 'page_restriction', 'page_restrictions'),
    ('MediaWiki', 'image', 'image', 'images'), ('MediaWiki', 'job', 'job', 'jobs'),
    ('Moodle', 'mdl_course', 'mdl_course', 'mdl_courses'),
    ('Moodle', 'mdl_course_categories', 'mdl_course_category', 'mdl_course_categories'),
    ('Moodle', 'mdl_quiz', 'mdl_quiz', 'mdl_quizzes'),
    ('Moodle', 'mdl_quiz_attempts', 'mdl_quiz_attempt', 'mdl_quiz_attempts'),
    ('Moodle', 'mdl_lesson_branch', 'mdl_lesson_branch', 'mdl_lesson_branches'),
    ('Moodle', 'mdl_choice_answers', 'mdl_choice_answer', 'mdl_choice_answers'),
    ('Moodle', 'mdl_glossary', 'mdl_glossary', 'mdl_glossaries'),
    ('Moodle', 'mdl_badge_criteria', 'mdl_badge_criterion', 'mdl_badge_criteria'),
    ('Moodle', 'mdl_survey_analysis', 'mdl_survey_analysis', 'mdl_survey_analyses'),
    ('Moodle', 'mdl_competency', 'mdl_competency', 'mdl_competencies'),
    ('Moodle', 'mdl_context', 'mdl_context', 'mdl_contexts'), ('OpenMRS', 'person', 'person', 'people'),
    ('OpenMRS', 'person_address', 'person_address', 'person_addresses'),
    ('OpenMRS', 'person_name', 'person_name', 'person_names'), ('OpenMRS', 'patient', 'patient', 'patients'),
    ('OpenMRS', 'encounter_diagnosis', 'encounter_diagnosis', 'encounter_diagnoses'),
    ('OpenMRS', 'concept_class', 'concept_class', 'concept_classes'),
    ('OpenMRS', 'drug_order', 'drug_order', 'drug_orders'),
    ('OpenMRS', 'location_tag_map', 'location_tag_map', 'location_tag_maps'),
    ('OpenMRS', 'allergy', 'allergy', 'allergies'),
    ('OpenMRS', 'global_property', 'global_property', 'global_properties'),
    ('OpenMRS', 'privilege', 'privilege', 'privileges'), ('OpenMRS', 'visit', 'visit', 'visits'),
    ('MIMIC', 'admissions', 'admission', 'admissions'), ('MIMIC', 'caregivers', 'caregiver', 'caregivers'),
    ('MIMIC', 'chartevents', 'chartevent', 'chartevents'),
    ('MIMIC', 'd_icd_diagnoses', 'd_icd_diagnosis', 'd_icd_diagnoses'),
    ('MIMIC', 'd_labitems', 'd_labitem', 'd_labitems'), ('MIMIC', 'icustays', 'icustay', 'icustays'),
    ('MIMIC', 'prescriptions', 'prescription', 'prescriptions'),
    ('MIMIC', 'procedureevents', 'procedureevent', 'procedureevents'),
    ('MIMIC', 'noteevents', 'noteevent', 'noteevents'), ('HR and SH', 'countries', 'country', 'countries'),
    ('HR and SH', 'job_history', 'job_history', 'job_histories'),
    ('HR and SH', 'warehouses', 'warehouse', 'warehouses'), ('HR and SH', 'inventories', 'inventory', 'inventories'),
    ('HR and SH', 'product_information', 'product_information', 'product_information'),
    ('HR and SH', 'sales', 'sale', 'sales'), ('HR and SH', 'costs', 'cost', 'costs'),
    ('HR and SH', 'times', 'time', 'times'), ('HR and SH', 'channels', 'channel', 'channels'),
    ('HR and SH', 'dept_emp', 'dept_emp', 'dept_emps'), ('HR and SH', 'salaries', 'salary', 'salaries'),
    ('HR and SH', 'titles', 'title', 'titles'), ('Stack Exchange', 'post_history', 'post_history', 'post_histories'),
    ('Stack Exchange', 'post_history_types', 'post_history_type', 'post_history_types'),
    ('Stack Exchange', 'close_reason_types', 'close_reason_type', 'close_reason_types'),
    ('Stack Exchange', 'tag_synonyms', 'tag_synonym', 'tag_synonyms'),
    ('Stack Exchange', 'suggested_edits', 'suggested_edit', 'suggested_edits'),
    ('Stack Exchange', 'badge_classes', 'badge_class', 'badge_classes'),
    ('IMDb', 'cast_info', 'cast_info', 'cast_info'), ('IMDb', 'person_info', 'person_info', 'person_info'),
    ('IMDb', 'aka_title', 'aka_title', 'aka_titles'), ('IMDb', 'movie_companies', 'movie_company', 'movie_companies'),
    ('IMDb', 'movie_keyword', 'movie_keyword', 'movie_keywords'), ('IMDb', 'title_akas', 'title_aka', 'title_akas'),
    ('IMDb', 'title_basics', 'title_basic', 'title_basics'), ('IMDb', 'title_crew', 'title_crew', 'title_crews'),
    ('IMDb', 'title_principals', 'title_principal', 'title_principals'),
    ('Airlines', 'bookings', 'booking', 'bookings'),
    ('Airlines', 'boarding_passes', 'boarding_pass', 'boarding_passes'),
    ('Airlines', 'aircrafts_data', 'aircrafts_data', 'aircrafts_data'),
    ('Airlines', 'aircrafts', 'aircraft', 'aircrafts'), ('Airlines', 'seats', 'seat', 'seats'),
    ('Airlines', 'ticket_flights', 'ticket_flight', 'ticket_flights'), ('Lahman', 'people', 'person', 'people'),
    ('Lahman', 'hall_of_fame', 'hall_of_fame', 'halls_of_fame'),
    ('Lahman', 'teams_franchises', 'teams_franchise', 'teams_franchises'),
    ('Lahman', 'awards_players', 'awards_player', 'awards_players'),
    ('Lahman', 'series_post', 'series_post', 'series_posts'), ('TPC', 'supplier', 'supplier', 'suppliers'),
    ('TPC', 'partsupp', 'partsupp', 'partsupps'), ('TPC', 'lineitem', 'lineitem', 'lineitems'),
    ('TPC', 'nation', 'nation', 'nations'), ('TPC', 'store_sales', 'store_sale', 'store_sales'),
    ('TPC', 'household_demographics', 'household_demographic', 'household_demographics'),
    ('TPC', 'income_band', 'income_band', 'income_bands'), ('TPC', 'ship_mode', 'ship_mode', 'ship_modes'),
    ('TPC', 'date_dim', 'date_dim', 'date_dims'), ('Ergast', 'circuits', 'circuit', 'circuits'),
    ('Ergast', 'driver_standings', 'driver_standing', 'driver_standings'),
    ('Ergast', 'lap_times', 'lap_time', 'lap_times'), ('Ergast', 'pit_stops', 'pit_stop', 'pit_stops'),
    ('Ergast', 'races', 'race', 'races'), ('Ergast', 'status', 'status', 'statuses'),
    ('OpenStreetMap', 'acls', 'acl', 'acls'), ('OpenStreetMap', 'current_ways', 'current_way', 'current_ways'),
    ('OpenStreetMap', 'diary_entries', 'diary_entry', 'diary_entries'),
    ('OpenStreetMap', 'gpx_files', 'gpx_file', 'gpx_files'), ('OpenStreetMap', 'way_nodes', 'way_node', 'way_nodes'),
    ('OpenStreetMap', 'redactions', 'redaction', 'redactions'),
    ('Nextcloud', 'oc_activity', 'oc_activity', 'oc_activities'),
    ('Nextcloud', 'oc_filecache', 'oc_filecache', 'oc_filecaches'),
    ('Nextcloud', 'oc_files_trash', 'oc_files_trash', 'oc_files_trashes'),
    ('Nextcloud', 'oc_mimetypes', 'oc_mimetype', 'oc_mimetypes'), ('Nextcloud', 'oc_share', 'oc_share', 'oc_shares'),
    ('Keycloak', 'client_scope', 'client_scope', 'client_scopes'),
    ('Keycloak', 'composite_role', 'composite_role', 'composite_roles'),
    ('Keycloak', 'redirect_uris', 'redirect_uri', 'redirect_uris'),
    ('Keycloak', 'resource_policy', 'resource_policy', 'resource_policies'),
    ('Keycloak', 'identity_provider', 'identity_provider', 'identity_providers'),
    ('Keycloak', 'user_entity', 'user_entity', 'user_entities'), ('Keycloak', 'realm', 'realm', 'realms'),
    ('Airflow', 'dag_run', 'dag_run', 'dag_runs'), ('Airflow', 'sla_miss', 'sla_miss', 'sla_misses'),
    ('Airflow', 'task_instance', 'task_instance', 'task_instances'), ('Airflow', 'xcom', 'xcom', 'xcoms'),
    ('Airflow', 'slot_pool', 'slot_pool', 'slot_pools'),
    ('Airflow', 'rendered_task_instance_fields', 'rendered_task_instance_field', 'rendered_task_instance_fields'),
    ('Zabbix', 'hosts_templates', 'hosts_template', 'hosts_templates'), ('Zabbix', 'media', 'medium', 'media'),
    ('Zabbix', 'maintenances', 'maintenance', 'maintenances'), ('Zabbix', 'rights', 'right', 'rights'),
    ('Zabbix', 'usrgrp', 'usrgrp', 'usrgrps'), ('Zabbix', 'regexps', 'regexp', 'regexps'),
    ('Zabbix', 'proxy_history', 'proxy_history', 'proxy_histories'),
    ('Bugzilla', 'bugs_activity', 'bugs_activity', 'bugs_activities'),
    ('Bugzilla', 'bug_severity', 'bug_severity', 'bug_severities'),
    ('Bugzilla', 'dependencies', 'dependency', 'dependencies'), ('Bugzilla', 'watch', 'watch', 'watches'),
    ('Bugzilla', 'duplicates', 'duplicate', 'duplicates'), ('Bugzilla', 'keyworddefs', 'keyworddef', 'keyworddefs'),
    ('SugarCRM', 'accounts_opportunities', 'accounts_opportunity', 'accounts_opportunities'),
    ('SugarCRM', 'cases_bugs', 'cases_bug', 'cases_bugs'),
    ('SugarCRM', 'prospect_lists_prospects', 'prospect_lists_prospect', 'prospect_lists_prospects'),
    ('SugarCRM', 'calls_leads', 'calls_lead', 'calls_leads'),
    ('SugarCRM', 'saved_search', 'saved_search', 'saved_searches'),
    ('Chado and ChEMBL', 'analysis', 'analysis', 'analyses'), ('Chado and ChEMBL', 'library', 'library', 'libraries'),
    ('Chado and ChEMBL', 'genotype', 'genotype', 'genotypes'),
    ('Chado and ChEMBL', 'featureloc', 'featureloc', 'featurelocs'),
    ('Chado and ChEMBL', 'dbxref', 'dbxref', 'dbxrefs'), ('Chado and ChEMBL', 'assays', 'assay', 'assays'),
    ('Chado and ChEMBL', 'molecule_hierarchy', 'molecule_hierarchy', 'molecule_hierarchies'),
    ('Chado and ChEMBL', 'compound_properties', 'compound_property', 'compound_properties'),
    ('Chado and ChEMBL', 'biotherapeutics', 'biotherapeutic', 'biotherapeutics'),
    ('Chado and ChEMBL', 'species', 'species', 'species'), ('ASP.NET', 'AspNetUsers', 'AspNetUser', 'AspNetUsers'),
    ('ASP.NET', 'AspNetUserRoles', 'AspNetUserRole', 'AspNetUserRoles'),
    ('ASP.NET', '__EFMigrationsHistory', '__EFMigrationsHistory', '__EFMigrationsHistories'),
    ('ASP.NET', 'UserAddresses', 'UserAddress', 'UserAddresses'), ('ASP.NET', 'Statuses', 'Status', 'Statuses'),
    ('ASP.NET', 'APIKeys', 'APIKey', 'APIKeys'), ('ASP.NET', 'UserURL', 'UserURL', 'UserURLs'),
    ('ASP.NET', 'orderItems', 'orderItem', 'orderItems'),
    ('ASP.NET', 'userAddresses', 'userAddress', 'userAddresses'),
    ('ASP.NET', 'productCategory', 'productCategory', 'productCategories'),
    ('ASP.NET', 'childNodes', 'childNode', 'childNodes'), ('ASP.NET', 'People', 'Person', 'People'),
    ('ASP.NET', 'SalesData', 'SalesData', 'SalesData'), ('ASP.NET', 'Children', 'Child', 'Children'),
    ('ASP.NET', 'ApiStatus', 'ApiStatus', 'ApiStatuses'), ('upper case', 'EMPLOYEES', 'EMPLOYEE', 'EMPLOYEES'),
    ('upper case', 'COUNTRY', 'COUNTRY', 'COUNTRIES'), ('upper case', 'STATUS', 'STATUS', 'STATUSES'),
    ('upper case', 'QRTZ_JOB_DETAILS', 'QRTZ_JOB_DETAIL', 'QRTZ_JOB_DETAILS'),
    ('upper case', 'ADDRESS', 'ADDRESS', 'ADDRESSES'), ('upper case', 'PEOPLE', 'PERSON', 'PEOPLE'),
    ('shops and offices', 'persons', 'person', 'persons'), ('shops and offices', 'bonuses', 'bonus', 'bonuses'),
    ('shops and offices', 'goods', 'goods', 'goods'),
    ('shops and offices', 'order_goods', 'order_goods', 'order_goods'),
    ('shops and offices', 'feedback', 'feedback', 'feedback'), ('shops and offices', 'quizzes', 'quiz', 'quizzes'),
    ('shops and offices', 'aliases', 'alias', 'aliases'), ('shops and offices', 'criteria', 'criterion', 'criteria'),
    ('shops and offices', 'data', 'data', 'data'), ('shops and offices', 'datasets', 'dataset', 'datasets'),
    ('shops and offices', 'children', 'child', 'children'),
    ('shops and offices', 'grandchildren', 'grandchild', 'grandchildren'),
    ('shops and offices', 'units_of_measure', 'unit_of_measure', 'units_of_measure'),
    ('shops and offices', 'point_of_sale', 'point_of_sale', 'points_of_sale'),
    ('shops and offices', 'course_progress', 'course_progress', 'course_progress'),
    ('shops and offices', 'tax_indices', 'tax_index', 'tax_indices'),
    ('shops and offices', 'price_matrices', 'price_matrix', 'price_matrices'),
    ('shops and offices', 'faxes', 'fax', 'faxes'), ('shops and offices', 'expenses', 'expense', 'expenses'),
    ('shops and offices', 'businesses', 'business', 'businesses'), ('shops and offices', 'leases', 'lease', 'leases'),
    ('shops and offices', 'franchises', 'franchise', 'franchises'),
    ('shops and offices', 'tariffs', 'tariff', 'tariffs'), ('shops and offices', 'campus', 'campus', 'campuses'),
    ('shops and offices', 'curriculum', 'curriculum', 'curricula'),
    ('shops and offices', 'syllabus', 'syllabus', 'syllabuses'), ('shops and offices', 'nurse', 'nurse', 'nurses'),
    ('shops and offices', 'disease', 'disease', 'diseases'), ('shops and offices', 'valves', 'valve', 'valves'),
    ('shops and offices', 'curves', 'curve', 'curves'), ('shops and offices', 'calories', 'calorie', 'calories'),
    ('shops and offices', 'foremen', 'foreman', 'foremen'), ('shops and offices', 'midwives', 'midwife', 'midwives'),
    ('shops and offices', 'studios', 'studio', 'studios'),
    ('shops and offices', 'portfolio', 'portfolio', 'portfolios'),
    ('shops and offices', 'volcano', 'volcano', 'volcanoes'),
    ('shops and offices', 'purchases', 'purchase', 'purchases'),
    ('shops and offices', 'responses', 'response', 'responses'), ('shops and offices', 'prizes', 'prize', 'prizes'),
    ('shops and offices', 'glasses', 'glass', 'glasses'), ('shops and offices', 'witnesses', 'witness', 'witnesses'),
    ('shops and offices', 'journeys', 'journey', 'journeys'),
    ('shops and offices', 'headquarters', 'headquarters', 'headquarters'),
    ('shops and offices', 'merchandise', 'merchandise', 'merchandise'),
    ('shops and offices', 'sms_messages', 'sms_message', 'sms_messages'),
    ('shops and offices', 'sms', 'sms', 'smses'),
    ('shops and offices', 'terms_of_service', 'terms_of_service', 'terms_of_service'),
    ('shops and offices', 'gps_devices', 'gps_device', 'gps_devices'),
    ('shops and offices', 'user_access', 'user_access', 'user_accesses');
SELECT count(*) >= 400 AS enough FROM real_table;
CREATE PROCEDURE make_sample(sample text) LANGUAGE plpgsql AS $$
DECLARE
    name text;
    things text := format('%I.things', 'real ' || sample);
BEGIN
    EXECUTE format('CREATE SCHEMA %I', 'real ' || sample);
    EXECUTE format('CREATE TABLE %s (id int PRIMARY KEY)', things);
    FOR name IN SELECT r.name FROM real_table r WHERE r.sample = $1 LOOP
        EXECUTE format('CREATE TABLE %I.%I (id int PRIMARY KEY)', 'real ' || sample, name);
        PERFORM m2m_create(things, format('%I.%I', 'real ' || sample, name));
    END LOOP;
END
$$;
SELECT format('CALL make_sample(%L)', sample) FROM real_table GROUP BY sample ORDER BY sample COLLATE "C" \gexec
-- Those that got a wrong name: none
SELECT r.*, left_role, right_role, right_column, left_view, right_view
FROM real_table r LEFT JOIN named ON schema = 'real ' || sample AND "table" = name
WHERE (left_role, right_role, right_column, left_view, right_view)
      IS DISTINCT FROM ('thing', singular, singular || '_id', 'thing_' || plural, singular || '_things');
SELECT count(*) = (SELECT count(*) FROM real_table) AS all_of_them FROM named WHERE schema LIKE 'real %';
-- A plural of the table's name is one also behind another word, but not in one
CREATE TABLE persons (id int PRIMARY KEY);
CREATE TABLE chairs (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('persons', 'persons')) WHERE what IN ('role', 'view');
SELECT * FROM names(m2m_create('persons', 'chairs', 'chaired', left_role => 'chairperson'))
WHERE what IN ('role', 'view');
SELECT * FROM names(m2m_create('persons', 'chairs', 'by_size', left_role => 'tall_person'))
WHERE what IN ('role', 'view');
SELECT m2m_drop(association) FROM m2m_relationships() WHERE left_table = 'persons'::regclass;
SET client_min_messages = warning;
SELECT format('DROP SCHEMA %I CASCADE', 'real ' || sample) FROM real_table GROUP BY sample ORDER BY sample COLLATE "C" \gexec
RESET client_min_messages;
SELECT association, left_table, right_table FROM m2m_relationships();

-- What is no English word is left as it is: here the roles are the tables'
-- names, and it is for the user to say how many of them a view shows
CREATE TABLE "größe" (id int PRIMARY KEY);
CREATE TABLE "本" (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('größe', '本'));
SELECT * FROM names(m2m_create('größe', '本', 'größe_本_2',
                               left_view => '本_der_größe', right_view => 'größen_本'));
SELECT m2m_drop('größe_本_link'), m2m_drop('größe_本_2');

--
-- One table on both sides: the order is the direction
--
CREATE TABLE people (id int PRIMARY KEY, name text);
SELECT * FROM names(m2m_create('people', 'people'));
-- Better names for it.  A role names column and view.
SELECT * FROM names(m2m_create('people', 'people', 'friendship',
                               left_role => 'person', right_role => 'friend'));
SELECT * FROM names(m2m_create('people', 'people', 'follows',
                               left_role => 'follower', right_role => 'followee',
                               left_view => 'following', right_view => 'followers'));
-- Both cannot play the same role
SELECT m2m_create('people', 'people', 'trouble', left_role => 'person', right_role => 'person');

--
-- _link: an association table that a link view's name falls on
--
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE series (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('author', 'series'));
SELECT m2m_drop('author_series_link');
-- Without that there is no suffix: here there is none, and here there is one
CREATE TABLE news (id int PRIMARY KEY);
CREATE TABLE staff (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('series', 'author'));
SELECT * FROM names(m2m_create('news', 'staff'));
-- A name that is given is taken as it is
SELECT m2m_create('author', 'news', 'author_news');
SELECT m2m_create('author', 'news', 'author_news', left_view => 'news_by_author');

--
-- Composite keys: a column for each of the key's
--
CREATE TABLE flights (airline text, number int, PRIMARY KEY (airline, number));
CREATE TABLE crew (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('flights', 'crew'));

--
-- 63 bytes, and whole characters.  The longer part is shortened first.
--
SELECT format('CREATE TABLE %I (id int PRIMARY KEY)', repeat('ä', 30) || 's') \gexec
SELECT format('CREATE TABLE %I (id int PRIMARY KEY)', repeat('€', 20) || 's') \gexec
SELECT * FROM names(m2m_create(repeat('ä', 30) || 's', repeat('€', 20) || 's'));
SELECT what, octet_length(trim('"' FROM "left")) AS left_bytes,
       char_length(trim('"' FROM "left")) AS left_characters,
       octet_length(trim('"' FROM "right")) AS right_bytes,
       char_length(trim('"' FROM "right")) AS right_characters
FROM m2m_relationships(), LATERAL names(association)
WHERE left_table = (repeat('ä', 30) || 's')::regclass
  AND what IN ('association', 'role', 'view');
-- It works
SELECT format('INSERT INTO %I VALUES (1)', repeat('ä', 30) || 's') \gexec
SELECT format('INSERT INTO %I VALUES (2)', repeat('€', 20) || 's') \gexec
SELECT m2m_link(repeat('ä', 30) || 's', 1, repeat('€', 20) || 's', 2);
SELECT format('SELECT * FROM %s', left_view) FROM m2m_relationships()
WHERE left_table = (repeat('ä', 30) || 's')::regclass \gexec
SELECT format('SELECT r.* FROM %s e, %s(e) r', right_table, right_function::regproc)
FROM m2m_relationships()
WHERE left_table = (repeat('ä', 30) || 's')::regclass \gexec

-- Names that are given are truncated as PostgreSQL truncates any identifier
CREATE TABLE book (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('people', 'book', repeat('x', 70)));
-- Where shortening makes two names one, this is said
CREATE TABLE node (id int PRIMARY KEY);
SELECT m2m_create('node', 'node', 'tree',
                  left_role => repeat('r', 61) || 'a', right_role => repeat('r', 61) || 'b');
SELECT m2m_create('node', 'node', 'tree',
                  left_role => repeat('r', 61) || 'a', right_role => repeat('r', 61) || 'b',
                  left_columns => '{a}', right_columns => '{b}');

--
-- Hostile names: whatever can be quoted can be a name
--
CREATE SCHEMA "sch.ema ""s""";
SET search_path = "sch.ema ""s""", naming, public;
CREATE TABLE "select" ("order" int PRIMARY KEY, "a column" text);
CREATE TABLE "My ""Table""; DROP TABLE x;--" ("I.D." int PRIMARY KEY, "'" text, "$1" int);
CREATE TABLE "%s %I \ 'quoted'" ("%1$s" int, "\" int, "r" int, "l" int, PRIMARY KEY ("%1$s", "\"));
INSERT INTO "select" VALUES (1, 'one');
INSERT INTO "My ""Table""; DROP TABLE x;--" VALUES (2, 'two', 22);
INSERT INTO "%s %I \ 'quoted'" VALUES (3, 33, 333, 3333);
\x on
SELECT * FROM names(m2m_create('"select"', '"My ""Table""; DROP TABLE x;--"'));
SELECT * FROM names(m2m_create('"My ""Table""; DROP TABLE x;--"', '"%s %I \ ''quoted''"'));
SELECT * FROM names(m2m_create('"%s %I \ ''quoted''"', '"%s %I \ ''quoted''"'));
\x off
CREATE VIEW hostile AS
    SELECT * FROM m2m_relationships()
    WHERE left_table IN (SELECT oid FROM pg_class
                         WHERE relnamespace = '"sch.ema ""s"""'::regnamespace);
-- Link in both orders, read by view and function
SELECT m2m_link('"select"', 1, '"My ""Table""; DROP TABLE x;--"', 2),
       m2m_link('"%s %I \ ''quoted''"', ROW(3, 33), '"My ""Table""; DROP TABLE x;--"', 2),
       m2m_link('"%s %I \ ''quoted''"', ROW(3, 33), '"%s %I \ ''quoted''"', '(3,33)');
SELECT format('SELECT * FROM %s', view)
FROM hostile, unnest(ARRAY[left_view, right_view]) view
ORDER BY view::text COLLATE "C" \gexec
SELECT format('SELECT r.* FROM %s e, %s(e) r', x.relid, x.function::regproc)
FROM hostile, LATERAL (VALUES (left_table, left_function),
                              (right_table, right_function)) x (relid, function)
ORDER BY x.function::text COLLATE "C" \gexec
-- via takes a name as SQL spells it, or letter by letter
SELECT m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => 'select_My "Table"; DROP TABLE x;--_link') AS by_letters,
       m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => '"select_My ""Table""; DROP TABLE x;--_link"') AS quoted,
       m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => '"sch.ema ""s"""."select_My ""Table""; DROP TABLE x;--_link"') AS qualified;
-- Written through the views: a row inserted and linked, a row updated, a row
-- unlinked
INSERT INTO "%s %I \ 'quoted'_My ""Table""; DROP TABLE x;--"
       ("%s %I \ 'quoted'_%1$s", "%s %I \ 'quoted'_\", "'", "I.D.")
VALUES (3, 33, 'four', 4)
RETURNING *;
UPDATE "My ""Table""; DROP TABLE x;--_%s %I \ 'quoted'" SET r = 0, l = NULL
WHERE "My ""Table""; DROP TABLE x;--_I.D." = 4
RETURNING *;
DELETE FROM "%s %I \ 'quoted'_My ""Table""; DROP TABLE x;--" WHERE "'" = 'two' RETURNING "I.D.";
TABLE "My ""Table""; DROP TABLE x;--_%s %I \ 'quoted'_link";
TABLE "My ""Table""; DROP TABLE x;--";
SET search_path = naming, public;
SET client_min_messages = warning;
DROP SCHEMA "sch.ema ""s""" CASCADE;
RESET client_min_messages;

-- Mixed case stays as it is written
CREATE TABLE "BlogPosts" ("Id" int PRIMARY KEY);
CREATE TABLE "tagNames" ("Id" int PRIMARY KEY);
SELECT * FROM names(m2m_create('"BlogPosts"', '"tagNames"'));

--
-- What is taken: an error that says by what, and which argument avoids it
--
CREATE TABLE reader (id int PRIMARY KEY);
CREATE FUNCTION try(name text DEFAULT NULL, left_view text DEFAULT NULL, right_view text DEFAULT NULL,
                    left_columns text[] DEFAULT NULL)
RETURNS regclass LANGUAGE sql AS $$
    SELECT public.m2m_create('naming.reader', 'naming.book', name => $1, left_view => $2,
                             right_view => $3, left_columns => $4)
$$;
-- the association's, by any kind of relation
CREATE TABLE reader_book (a int);
SELECT try();
\echo :SQLSTATE
DROP TABLE reader_book;
CREATE VIEW reader_book AS SELECT 1;
SELECT try();
DROP VIEW reader_book;
CREATE SEQUENCE reader_book;
SELECT try();
DROP SEQUENCE reader_book;
CREATE INDEX reader_book ON reader (id);
SELECT try();
DROP INDEX reader_book;
CREATE TYPE reader_book AS (a int);
SELECT try();
DROP TYPE reader_book;
CREATE TYPE reader_book AS ENUM ('a');
SELECT try();
DROP TYPE reader_book;
-- a link view's, on either side
CREATE TABLE reader_books (a int);
SELECT try();
\echo :SQLSTATE
DROP TABLE reader_books;
CREATE TABLE book_readers (a int);
SELECT try();
DROP TABLE book_readers;
-- a link function's: the same name with the same argument
CREATE FUNCTION book_readers(book) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT try();
\echo :SQLSTATE
DROP FUNCTION book_readers(book);
-- but with another argument it is no clash
CREATE FUNCTION book_readers(reader) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT try();
DROP FUNCTION book_readers(reader);
-- by the relationship itself, once it is there
SELECT try();
\echo :SQLSTATE
SELECT try('a_second_one');
-- Names of one relationship that would clash with each other
SELECT try('x', 'x', 'y');
SELECT try('x', 'y', 'y');
SELECT try('x', 'y', 'z', '{book_id}');
\echo :SQLSTATE
-- The hint was right: with the names it asks for, it works
SELECT * FROM names(try('a_second_one', 'reader_favourites', 'book_fans', '{fan_id}'));
-- No name at all is none
SELECT try('');
\echo :SQLSTATE

-- Nothing of what failed is left over
SELECT association FROM m2m_relationships() ORDER BY association::text COLLATE "C";
SELECT relname, relkind FROM pg_class
WHERE relnamespace = 'naming'::regnamespace AND relname IN ('x', 'y', 'z', 'tree', 'trouble');

SET client_min_messages = warning;
DROP SCHEMA naming CASCADE;
RESET client_min_messages;
SELECT association, left_table, right_table FROM m2m_relationships();
