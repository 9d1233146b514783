/** One thing that can be done, in the menu of a site or of the command bar. */
export interface MenuItem {
  id: string;
  label: string;
  danger?: boolean;
  /** Stands above this entry: what it and the ones after it choose. */
  heading?: string;
  /** A line above this entry parts it from the choice before it. */
  apart?: boolean;
  /** Present for a choice of one among several: whether it is the present one. */
  chosen?: boolean;
  act: () => void;
}
