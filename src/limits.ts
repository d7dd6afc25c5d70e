/**
 * Every bound of the system, unit last. `Limits` are those that an operator or a platform may set; the constants below
 * them are parts of formats or of somebody's platform.
 */
export interface Limits {
  /** A request body as it came over the wire. OTLP 1.11.0 recommends 64 MiB (OTLP/HTTP Request). */
  readonly requestBytesMax: number
  /** The same after decompression. */
  readonly requestDecompressedBytesMax: number
  /** How long a sender may take to deliver a request, first byte to last. */
  readonly requestMsMax: number
  /** How long the door waits for the queue; below the usual exporter timeout of 10 s. */
  readonly queueSendMsMax: number
  /** Requests whose bodies the door holds at once, until queue and store are done with them; more get 503. */
  readonly inFlightBytesMax: number
  /** Decompressed bytes of the envelopes that one flush turns into one fresh file (one larger envelope is cut). */
  readonly flushBatchBytesMax: number
  /** Items of the same, as `requestItemsMax` counts them. */
  readonly flushItemsMax: number
  /** Spans in one fresh file; an envelope with more is cut. */
  readonly freshFileSpansMax: number
  /** Deliveries of one message: on the last, its envelopes go to `dead/` before they are tried. */
  readonly attemptsMax: number
  /** A span that starts further than this from its receipt, on either side, is a stray. */
  readonly strayMs: number
  /** Spans one answer to a trace lookup may hold; more is PARTIAL and says so. */
  readonly traceSpansMax: number
}

export const defaultLimits: Limits = {
  requestBytesMax: 64 * 1024 * 1024,
  requestDecompressedBytesMax: 64 * 1024 * 1024,
  requestMsMax: 30_000,
  queueSendMsMax: 8_000,
  inFlightBytesMax: 256 * 1024 * 1024,
  flushBatchBytesMax: 16 * 1024 * 1024,
  flushItemsMax: 1024 * 1024,
  freshFileSpansMax: 65_536,
  attemptsMax: 5,
  strayMs: 2 * 60 * 60 * 1000,
  traceSpansMax: 200_000,
}

/** AnyValue and JSON nesting: deeper values are refused with 400, so that no walker recurses without end. */
export const nestingDepthMax = 64

/**
 * What one request may hold, however small each is on the wire (two bytes, if it is empty): resources, scopes, spans,
 * events, links, attributes and values of lists, all together. Generated spans have 40 bytes an item: a body of the
 * largest size stays below. The spans alone, the invalid ones included; and attributes, events and links of one span: one
 * with more is invalid.
 */
export const requestItemsMax = 4 * 1024 * 1024
export const requestSpansMax = 512 * 1024
export const spanItemsMax = 64 * 1024

/**
 * Objects, lists and members of a JSON request, of which real ones have 12 bytes each; and how deep they may be nested: a
 * map in a map takes four levels.
 */
export const jsonMembersMax = 6 * 1024 * 1024
export const jsonDepthMax = 5 * nestingDepthMax

/** An OTLP response, before compression (OTLP/HTTP Response, 1.11.0: 4 MiB); messages are cut far below. */
export const responseMessageCharsMax = 4_096

/** S3 and R2 keys hold 1,024 bytes; tenants and ids are checked against shorter bounds. */
export const objectKeyBytesMax = 1_024

/** Tenant names: `[A-Za-z0-9._-]`, not beginning with a dot. */
export const tenantCharsMax = 150

/** Region names: lower-case letters, digits, dashes. */
export const regionCharsMax = 63

/** Keys one `delete` takes, from S3's DeleteObjects. */
export const deleteKeysMax = 1_000

/** Rows of a row group, and its compressed bytes; cut between traces (DESIGN §4). */
export const rowGroupRowsMax = 10_000
export const rowGroupBytesMax = 512 * 1024

/**
 * Bytes of values that a data page holds before the next one begins: 1,000 rows of span ids or times, and nearly all
 * rows of a group where dictionary ids are a byte each. A lookup pays by the page (15 µs each), a scan by the byte.
 */
export const pageValueBytes = 8 * 1024

/** Attribute columns of one file; rarer keys share `resource_rest`, `scope_rest` and `span_rest`. */
export const attributeColumnsMax = 400

/** An attribute has its own column when at least one row in so many has it. */
export const attributeColumnRowsPerValueMax = 200

/** Characters of a column name; longer ones are cut and carry a hash. Athena allows 255. */
export const columnNameCharsMax = 120

/** Queries that wait for an answer from the query thread at once; more get 503. */
export const appRequestsMax = 256

/** Of an answer, what the thread that makes it hands over at once. */
export const appPartBytes = 256 * 1024

/** The one tenant of a server without tokens. */
export const tenantDefault = 'default'

/** One part of a key as a file name; ext4, xfs and APFS hold 255 bytes. */
export const diskKeyPartBytesMax = 255

/** The largest object on a disk store: node reads and writes files below 2 GiB in one piece. */
export const diskPutBytesMax = 1024 ** 3

/** When a temporary file of a process that nobody knows is nobody's any more: no put takes as long. */
export const leftBehindMs = 60 * 60 * 1000

/** Entries of one page of a disk store: each page reads its folder anew, and an hour of flushes should be one. */
export const diskPageEntries = 4_000

/** The largest message of the embedded queue; larger bodies are spilled, as SQLite writes each twice. */
export const embeddedMessageBytesMax = 8 * 1024 * 1024

/** Threads that flush, on a machine with many cores: more only make more and smaller files. */
export const flushWorkersMax = 4

/** Characters of a token. */
export const tokenCharsMax = 512

/** How long the embedded door waits for company before it sends a message, and how large one may grow. */
export const gatherMs = 1
export const gatherBytesMax = 4 * 1024 * 1024

/** Bytes that an envelope adds to its body: its fixed part, its tenant. */
export const envelopeOverheadBytes = 256

/** Sockets the embedded server holds at once. */
export const connectionsMax = 10_000

/** Bytes and time that a request's headers may take. */
export const headerBytesMax = 16 * 1024
export const headerMsMax = 10_000

/** What a lookup reads of a fresh file's end before it knows how much it needs; a small file comes whole. */
export const tailGuessBytes = 64 * 1024

/** Messages, and their bytes as they lie on the queue, that one flush of the embedded server takes. */
export const flushMessagesMax = 1_000
export const flushMessageBytesMax = 8 * 1024 * 1024

/** How long a flush has its messages to itself; far longer than any flush takes. */
export const flushVisibilityMs = 120_000

/** Memory for what lookups know of fresh files. */
export const freshTailCacheBytesMax = 256 * 1024 * 1024

/** How often a follower starts again from its peer's newest manifest, and what one run copies. */
export const followListingsMax = 4
export const followObjectsMax = 10_000

/** How often a reader starts again with the listing when an object is gone (DESIGN §4.3). */
export const freshListingsMax = 4

/** Reads of one answer that are under way at once. Workers open at most six connections. */
export const storeReadsAtOnce = 6

/** Traces in one page of a list. */
export const traceListMax = 1_000

/** Traces that one filtered list looks at, a second or two of work, and how long it may take, before it says what it has found. */
export const listTracesSeenMax = 50_000
export const listMsMax = 10_000

/** Row groups that a list holds while it tells redelivered spans apart. */
export const listRangesHeld = 8

/** Dead letters in one answer. */
export const deadListMax = 1_000

/** Seconds' worth of spans that a tenant may send at once after a quiet time. */
export const rateBurstSeconds = 5

/** How long a connection may lie without a request. */
export const keepAliveMs = 75_000

/** HTTP/2: requests under way on one connection; over all of them, as many as HTTP/1.1 has sockets for. */
export const http2StreamsMax = 100

/**
 * HTTP/2: what a sender may have sent and we not yet taken, of one request and on one connection. They bound what comes in a
 * round trip: at 50 ms, 20 MB/s a connection.
 */
export const http2StreamWindowBytes = 256 * 1024
export const http2ConnectionWindowBytes = 1024 * 1024

/** A request's body on any path but the door's: queries and lists of keys. */
export const appBodyBytesMax = 1024 * 1024

/** How long a refused sender may go on sending before its connection is closed under it. */
export const lingerMsMax = 1_000

/** What a server that stops grants its last requests beyond the time they have anyway. */
export const stopGraceMs = 5_000

/** How long a flush thread may go on with what it has in hand once it is told to stop. */
export const stopWaitMs = 10_000

/** A single put to R2 may be larger; a Worker's memory is 128 MB. */
export const r2PutBytesMax = 96 * 1024 * 1024

/** How often a remote store is asked in all, and the longest first and longest of all pauses in between. */
export const storeAttemptsMax = 4
export const storeRetryMs = 50
export const storeRetryMsMax = 2_000

/** A span file, and what one merge reads, compressed: all that a merge writes is held until it is put. */
export const spanFileBytesMax = 8 * 1024 * 1024

/** What a merge holds at once, by the estimate of `fittingInputs`. */
export const mergeHeldBytesMax = 26 * 1024 * 1024

/** Rows that a merge gathers for its next row groups, over all its outputs: about 450 bytes each. */
export const mergeOpenRowsMax = 24_000

/** Compressed row groups that a merge reads before it needs them, so that it seldom waits for one alone. */
export const mergeReadAheadBytes = 4 * 1024 * 1024

/** Files that one merge reads, and their rows: as many locators are sorted at once. */
export const mergeFilesMax = 512
export const mergeRowsMax = 1024 * 1024

/** Files that one merge writes beside each other: hours or slices of an hour. */
export const mergePartitionsMax = 24

/** Keys of the rest columns that a file names with their counts. */
export const restKeysMax = 1_000

/** Bytes of one locator; locators of a block, which has a checksum; blocks that a lookup reads around a computed place. */
export const locatorBytes = 36
export const locatorBlockEntries = 112
/** Four blocks are 16,144 bytes: within 16 KiB (DESIGN §4). */
export const locatorBlocksRead = 4

/** Locators between two marks, whole blocks: the computed place of an evenly spread id is 45 off at one sigma. */
export const locatorMarkEntries = 72 * locatorBlockEntries

/** Locators of one bucket, whole blocks: about 8 MB. */
export const locatorBucketEntriesMax = 2_048 * locatorBlockEntries

/** Fresh files are merged once there are so many, or one has waited so long for it. */
export const freshMergeFilesMin = 64
export const freshMergeWaitMs = 5 * 60 * 1000

/** How long after its end an hour counts as over: what comes for it then is merged into few files at once. */
export const hourOverMs = 30 * 60 * 1000

/** How long an object that no manifest names any more stays: longer than any query or merge (DESIGN §4.4). */
export const sweepGraceMs = 60 * 60 * 1000

/** Objects that one sweep removes. */
export const sweepDeletesMax = 20_000

/** How long a spilled body stays: queues and dead letters keep a message for 14 days at most. */
export const spillKeepMs = 16 * 24 * 60 * 60 * 1000

/** How long spans are kept after their receipt, unless a tenant says otherwise. */
export const retentionMsDefault = 30 * 24 * 60 * 60 * 1000
export const retentionMsMin = 60 * 60 * 1000
export const retentionMsMax = 3_650 * 24 * 60 * 60 * 1000

/** A fresh file of up to so many bytes is read by a merge in one piece. */
export const wholeFileBytesMax = 1024 * 1024

/** Objects that hold one hour's receipts, before they are joined into one. */
export const receiptsPerHourMax = 6

/** How often a tenant's spans are expired and its garbage swept. */
export const expireEveryMs = 10 * 60 * 1000
export const sweepEveryMs = 15 * 60 * 1000

/** How far from a trace's start a list looks for more of it in span files (DESIGN §4: neighbouring hours). */
export const listNeighbourNs = 3_600_000_000_000n

/** Span files of a trace's neighbourhood whose summaries a list opens; of more, the locators tell which to open. */
export const listNeighbourFilesMax = 8

/** Locators that one merge of sets reads, a gigabyte: sets that have as many together stay as they are. */
export const locatorMergeEntriesMax = 30_000_000

/** Traces of one row group of a summary file. */
export const summaryGroupRows = 8_192

/** Memory for decoded manifests, day lists, receipts and other parts of the index. */
export const indexCacheBytesMax = 128 * 1024 * 1024

/** Memory for decoded column chunks of files: what is searched again is not read again. */
export const columnCacheBytesMax = 192 * 1024 * 1024

/** How often a commit is made anew on top of another's (DESIGN §4.2). */
export const commitAttemptsMax = 10

/** Of its thread's time, how much compaction may work: flushes and lookups need the cores too. */
export const compactionShare = 0.5

/** Characters of a TraceQL query; Tempo's own default (`max_query_expression_size_bytes`). */
export const queryCharsMax = 128 * 1024

/** Brackets and signs inside each other: the parser calls itself for each of them. */
export const queryNestingMax = 64

/** Operators, stages, functions and commas of one query: how deep a tree can get that was written without brackets. */
export const queryOperatorsMax = 1_000

/** Series that a metrics query calculates with, each of `metricsCellsMax`, and stages behind one function. */
export const querySeriesMax = 16
export const querySecondStagesMax = 16

/** Groups and aggregates of one pipeline: the value of each is written on every set that comes through. */
export const querySetValuesMax = 64

/** Characters of a query's part that an error message repeats. */
export const queryExcerptCharsMax = 80

/** Values that `compare` keeps apart, if the query names no number, and at most. */
export const compareTopDefault = 10
export const compareTopMax = 1_000

/** Values of one attribute that `compare` counts, and more only where more are to be kept apart. */
export const compareValuesMax = 500

/** Characters of a regular expression in a query, and instructions of its program: `(a{99}){9}` is short and has many. */
export const patternCharsMax = 4_096
export const patternProgramMax = 8_000

/** Instructions by characters that a pattern may cost on one row group or trace: some seconds; most cost nearly none. */
export const patternStepsMax = 50_000_000

/** About the instructions that all patterns of a query may have together. */
export const patternSizesMax = 40_000

/** Compiled regular expressions that are kept for the next query, and as many as one query may have. */
export const patternsKept = 64

/** Texts of which a query keeps whether they match, for each of its patterns. */
export const patternAnswersKept = 4_096

/** Points in time that a metrics query may ask for: a day in steps of 5 s has 17,280. */
export const metricsPointsMax = 20_000

/** Series that one part of a metrics query holds, and the numbers in them, 8 bytes each. */
export const metricsSeriesMax = 20_000
export const metricsCellsMax = 4_000_000

/** What one metrics query may read, and how long it may take, before it says what it knows so far. */
export const metricsBytesMax = 4 * 1024 ** 3
export const metricsMsMax = 30_000

/** The time from a metrics query's start to its end: 90 days, whose nanoseconds a float still tells apart. */
export const metricsRangeNsMax = 90n * 24n * 3_600_000_000_000n

/** Traces with parts in several places that one metrics query puts together. */
export const metricsTracesJoinedMax = 500_000

/** Row groups with all their attributes that `compare` holds while it looks at whole traces. */
export const metricsWideTablesHeld = 16

/** Series in one answer, if the request names no number, and at most. */
export const metricsAnswerSeriesDefault = 1_000
export const metricsAnswerSeriesMax = 10_000

/** Parts of a metrics query's range that have exemplars of their own: the ids of one row group are read for each. */
export const metricsExemplarSlots = 16

/** Locator blocks, of 16 KiB each, that a metrics query holds: traces that are neighbours by id stand in one. */
export const metricsLocatorBlocksHeld = 1_024

/** Numbers in one answer, of all its series, some 50 bytes of JSON each. */
export const metricsAnswerPointsMax = 500_000

/** Quantiles of one function: each has as many numbers as all that it is made of. */
export const quantilesMax = 16

/** Exemplars of one series, and of one point of it. */
export const exemplarsMax = 100
export const exemplarsPerPointMax = 2

/** Traces that one answer in Jaeger's forms holds whole: what its UI asks for at most, and what it gets unasked. */
export const jaegerTracesMax = 1_500
export const jaegerTracesDefault = 100

/**
 * Searches of more traces than `jaegerLightTraces`, all of whose spans are put together for Jaeger: so many at once, since a
 * large one takes hundreds of megabytes, and so many wait so long.
 */
export const jaegerLightTraces = 100
export const jaegerLargeSearchesMax = 2
export const jaegerLargeSearchesWaitingMax = 16
export const jaegerLargeSearchesWaitMsMax = 30_000

/** How long summaries of traces may take, and the search for them: Jaeger's UI waits for 10 s and then shows nothing. */
export const jaegerSummariesMsMax = 8_000
export const jaegerSummariesSearchMsMax = 5_000

/** Ids that one request in Jaeger's legacy API names, and tags of one search: each is looked for in five places. */
export const jaegerTraceIdsMax = 100
export const jaegerTagsMax = 32

/** How far back Jaeger looks where a request does not say: for traces and for dependencies. */
export const jaegerLookbackNs = 2n * 24n * 3_600_000_000_000n
export const jaegerDependenciesLookbackNs = 24n * 3_600_000_000_000n

/** What a search reads of a file's end before it knows how long its footer is; a small file comes whole. */
export const searchFooterGuessBytes = 128 * 1024

/** Bytes between two column chunks that are read along rather than asked around. */
export const searchGapBytesMax = 32 * 1024

/** What one search may read, and how long it may take, before it says what it has found so far. */
export const searchBytesMax = 4 * 1024 ** 3
export const searchMsMax = 30_000

/** Traces that one search may look at whole, and traces that it remembers until it knows whether it has to. */
export const searchTracesReadMax = 20_000
export const searchCandidatesMax = 500_000

/** Row groups, by the columns that it needs, that a search holds while it looks at whole traces. */
export const searchTablesHeld = 128

/** Spans, by whole files, that a search scans before it looks whether that is enough. */
export const searchStepRows = 128 * 1024

/** Traces in one answer to a search, and spans of one span set in it. */
export const searchLimitMax = 1_000
export const searchSpansPerSetMax = 100

/** Traces that a search's cursor names, 32 characters each: those that begin before it and were scanned behind it. */
export const searchCursorTracesMax = 32

/** What one question about tags or their values may read, and how long it may take, before it says what it has found. */
export const tagBytesMax = 1024 ** 3
export const tagMsMax = 10_000

/** Values in one answer, and their size in memory; clients ask for 5,000 and filter those. */
export const tagValuesMax = 20_000
export const tagValuesBytesMax = 4 * 1024 ** 2

/** Row groups of one file whose columns are read at once for tags, beside those of `storeReadsAtOnce` files. */
export const tagGroupsAtOnce = 2

/** Row groups whose keys of events and links one list of tags reads: no file names them. */
export const tagListedGroupsMax = 64

/** What one answer about calls between services may read, and how long it may take, before it says what it has found. */
export const dependencyBytesMax = 2 * 1024 ** 3
export const dependencyMsMax = 20_000

/** Traces, 8 bytes each and again to sort them, that it tells apart; memory for those that lie in several row groups. */
export const dependencyTracesMax = 4_000_000
export const dependencyJoinBytesMax = 128 * 1024 ** 2

/** Pairs of services in it. */
export const dependencyPairsMax = 20_000

/** Row groups of one file that it reads at once, beside those of `storeReadsAtOnce` files. */
export const dependencyGroupsAtOnce = 2

/** Characters of one SQL text, and the places in its tree: DuckDB takes time cubic in the depth of one to bind it. */
export const sqlCharsMax = 100_000
export const sqlNodesMax = 20_000
export const sqlDepthMax = 100

/**
 * What one SQL query may take: the engine's time, the memory that DuckDB counts, and all of its process: texts while they
 * are made are not in DuckDB's count, and V8 sets 0.5 GiB of addresses apart that it does not use.
 */
export const sqlMsMax = 30_000
export const sqlMemoryBytesMax = 512 * 1024 ** 2
export const sqlProcessBytesMax = 1_536 * 1024 ** 2
export const sqlThreadsMax = 2

/** Rows of one SQL result and its bytes, as JSON or Parquet, and of one part of it on its way. */
export const sqlResultRowsMax = 100_000
export const sqlResultBytesMax = 64 * 1024 ** 2
export const sqlPartBytes = 256 * 1024

/** Files that one SQL query reads, and keys of attributes that its `*` means: the most frequent. */
export const sqlFilesMax = 1_000
export const sqlStarKeysMax = 500

/** Row groups whose column chunks are read at once to be laid down, of each of `storeReadsAtOnce` files; enough bytes are enough. */
export const sqlLayGroupsAtOnce = 4
export const sqlLayBytesAtOnce = 2 * 1024 ** 2

/** How far back a SQL query looks where it does not say. */
export const sqlLookbackNs = 3_600_000_000_000n

/** Bytes laid down for one SQL query to read. */
export const sqlFilesBytesMax = 4 * 1024 ** 3

/** How long a client may take over one SQL result. */
export const sqlAnswerMsMax = 600_000

/** SQL queries at once, those that wait for one to end, and how long they wait. */
export const sqlQueriesMax = 2
export const sqlQueriesWaitingMax = 16
export const sqlWaitMsMax = 30_000

/** How long an interrupted SQL query may take to end before its process is ended. */
export const sqlGraceMs = 2_000

/** How long a process stays ready for the next SQL query. */
export const sqlSpareMsMax = 300_000
