/** Says what is under way, to people who wait. */
export type Progress = (text: string) => void;
