/** Prints the current step of the bench. */
export type Progress = (text: string) => void;
