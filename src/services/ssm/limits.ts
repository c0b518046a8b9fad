/** Every number of Parameter Store with its unit, source, and what happens beyond it. The model checks lengths of other members itself. */

/** Bytes of a standard parameter's value. Beyond: Fault ValidationException. Source: Systems Manager user guide, Managing parameter tiers. */
export const STANDARD_VALUE_BYTES_MAX = 4_096
/** Bytes of an advanced parameter's value. Beyond: Fault ValidationException. Source: as above. */
export const ADVANCED_VALUE_BYTES_MAX = 8_192
/** Standard parameters of an account and region. Beyond: Fault ParameterLimitExceeded. Source: as above. */
export const STANDARD_PARAMETERS_MAX = 10_000
/** Advanced parameters of an account and region. Beyond: Fault ParameterLimitExceeded. Source: as above. */
export const ADVANCED_PARAMETERS_MAX = 100_000
/** Versions kept of a parameter; the oldest goes when one more is made. Source: Systems Manager API, PutParameter, Overwrite. */
export const VERSIONS_MAX = 100
/** Labels of one version. Beyond: Fault ParameterVersionLabelLimitExceeded. Source: Systems Manager API, LabelParameterVersion. */
export const LABELS_MAX = 10
/** Characters of a name with what stands before it in its ARN. Beyond: Fault ValidationException. Source: Systems Manager API, PutParameter, Name. */
export const NAME_CHARACTERS_MAX = 1_011
/** Levels of a hierarchy. Beyond: Fault HierarchyLevelLimitExceededException. Source: as above. */
export const LEVELS_MAX = 15
/** Tags of a parameter. Beyond: Fault TooManyTagsError. Source: Systems Manager API, AddTagsToResource. */
export const TAGS_MAX = 50
/** Policies of a parameter. Beyond: Fault PoliciesLimitExceededException. Source: Systems Manager API, PutParameter, Errors. */
export const POLICIES_MAX = 10
/** Items of a page when nobody asks for another number. Source: Systems Manager API, each operation's MaxResults. */
export const PAGE_DEFAULT = 10
/** The same of GetParameterHistory. Source: Systems Manager API, GetParameterHistory. */
export const HISTORY_PAGE_DEFAULT = 50
/** Records read at once while a listing looks for those that fit. Ours. */
export const SCANNED_AT_ONCE = 200
