"""What a camera says over RTSP, read without a socket: messages, access, descriptions, packets, clocks."""
