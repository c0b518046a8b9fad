/** Placeholder until the tables are generated. */
export interface Services {}
