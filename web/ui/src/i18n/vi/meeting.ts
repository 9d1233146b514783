/** Words of the meeting room: pre-join, the stage, the chair's tools, the wall. */
export const meeting = {
  loading: "Đang mở phòng họp",
};
