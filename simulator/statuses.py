"""The gateway's status codes for one recipient of a send; they are not HTTP codes."""

SENT = 101
QUEUED = 102
INVALID_PHONE_NUMBER = 403
UNSUPPORTED_NUMBER_TYPE = 404
INSUFFICIENT_BALANCE = 405
USER_IN_BLACKLIST = 406
INTERNAL_SERVER_ERROR = 500
REJECTED_BY_GATEWAY = 502

ACCEPTED = {100: "Processed", SENT: "Success", QUEUED: "Queued"}

REFUSED = {
    401: "RiskHold",
    402: "InvalidSenderId",
    INVALID_PHONE_NUMBER: "InvalidPhoneNumber",
    UNSUPPORTED_NUMBER_TYPE: "UnsupportedNumberType",
    INSUFFICIENT_BALANCE: "InsufficientBalance",
    USER_IN_BLACKLIST: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    INTERNAL_SERVER_ERROR: "InternalServerError",
    501: "GatewayError",
    REJECTED_BY_GATEWAY: "RejectedByGateway",
}
