// One tab of this server works at a time: two would be one device whose keys and cache change under each other's hands.
export interface TabPlace {
  /** True when no other tab has it; kept until this page ends. */
  enter(): Promise<boolean>;
  /** Takes it from the other tab, which is told. */
  take(): Promise<void>;
}
