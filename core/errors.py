"""The family of refusals. Each module raises its own kind; only the edges turn them into words for a person.

ZamuError
├── Malformed                what came in cannot be read
│   └── BadData              catalogue.reading: the data files cannot be loaded
├── BookingRefused           booking.errors: nothing was changed
│   ├── NotOffered           no such time, or it can no longer be booked
│   ├── SlotFull             somebody else has the last place
│   │   └── HoldExpired      the place was held for this caller and has been given to another
│   ├── AlreadyBooked        the person served has a live booking for the service
│   ├── TooManyBookings      the phone has as many live bookings as it may
│   ├── NoSuchBooking        this phone has no live booking of that number
│   ├── OfferOver            the place from the waitlist has gone to somebody else
│   └── TooManyWaits         the phone is on as many waitlists as it may
├── ClosureRefused           booking.closing.errors: nothing was changed
│   ├── CannotClose          no such span of time, or more counters than there are
│   ├── NoSuchClosure        no closure of that number at this centre
│   └── CannotChange         no such capacity or hours
├── CatalogueRefused         catalogue.errors: nothing was changed; each names the field at fault
│   ├── NoSuchEntry          nothing of that code, or that begins on that day
│   ├── Unfit                a text that a plain phone cannot show, or that is there already
│   ├── Overlapping          something else is planned for the same days
│   ├── BadSpan              days or times in no order
│   ├── Unsourced            nobody says where it is written
│   └── StillBooked          people have places in what was to be switched off
├── CampaignRefused          campaigns.errors: nothing was changed
│   ├── NoSuchCampaign       no campaign of that number
│   ├── NotNow               its state does not allow this
│   ├── SamePerson           whoever made it cannot approve it
│   ├── NobodyToTell         it would reach nobody
│   ├── UnknownCode          a service or centre that the catalogue does not have
│   ├── BadText              a correction that cannot be sent as it is written
│   └── Unsaid               a name or a reason is missing
├── DocumentRefused          tracking.errors: nothing was changed; the message is a sentence for the desk
│   ├── IllegalMove          tracking.stages: a document cannot go from its stage to that one
│   ├── NoSuchDocument       no document of that number
│   ├── NothingToCorrect     it is to wait for a correction that nobody has named
│   ├── NumberInUse          the printed number belongs to another document
│   ├── PhoneKnown           the owner's phone is not missing
│   ├── NotOnShelf           it does not lie ready at a centre, and goes into no bin
│   ├── TooManyCodes         as many wrong codes as a document allows in an hour
│   ├── NoReason             a rule was to be set aside without one
│   ├── NoConsent            the owner has not lately allowed this person to collect it
│   ├── NobodyToAsk          the owner cannot be asked by SMS
│   ├── AskedTooOften        the owner has been asked as often as is right in an hour
│   └── NothingToAllow       what the owner was asked is over, or was asked of another phone
├── StaffRefused             staff.errors: nothing was changed; the message is a sentence for whoever manages them
│   ├── UsernameTaken        the staff number has an account
│   ├── NoSuchColleague      no such account, or none that they are in charge of
│   └── NotTheirs            not theirs to give: the role, the centre or the agency
├── VisitRefused             visits.errors: nothing was changed
│   ├── AnotherDay           expected at this centre, on a later day
│   ├── AnotherCentre        expected elsewhere
│   ├── AlreadyOver          the visit has ended, one way or another
│   │   └── Contradicted     paper says otherwise than what has been recorded
│   ├── NotYet               nobody can be missed before their time
│   └── TimeRefused          what was done on paper cannot have been done then
├── PartnerRefused           partners.errors: what an agency's system is refused
│   ├── BadKey               no key of ours, or a revoked one
│   ├── NoSuchKey            no key of that agency
│   ├── AnotherRequest       an idempotency key was used for another request before
│   ├── NoSuchAppointment    the agency has no live appointment of that reference
│   ├── ReferenceInUse       the agency has had an appointment of that reference
│   ├── NoSuchWebhook        the agency has no webhook of that number
│   ├── BadAddress           a webhook cannot be sent there
│   └── TooManyWebhooks      the agency has as many as it may
├── TooManyLookups           tracking.lookup: this phone, or anybody of this number, in an hour
├── TooManySms               messaging.limits: the message was asked for often enough in the last hour
├── NotUnknown               messaging.desk: no such message, or what became of it is known
├── Unworded                 messaging.templates: a message that cannot be put into words
└── Unsealable               people.sealing: sealed with another key, or damaged

core.settings.SettingsError is none of them: it is told to whoever starts Zamu, before there is anybody to refuse.
"""


class ZamuError(Exception):
    """A refusal that somebody is told about."""


class Malformed(ZamuError):
    """Input that cannot be read; the message is a plain sentence for whoever sent it."""
