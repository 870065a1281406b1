//! The texts of a row by their names: properties of the list in their three shapes, and columns of a
//! report. A row's own text is found once by name and then by place.

/// A field that is a text. Its number is its place in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextField {
    Currency,
    BillingCurrency,
    BillingCurrencyCode,
    Date,
    UsageStart,
    ResourceId,
    InstanceId,
    ResourceName,
    InstanceName,
    ResourceLocation,
    InstanceLocation,
    Location,
    ResourceGroup,
    SubscriptionId,
    SubscriptionGuid,
    ChargeType,
    PublisherType,
    PricingModel,
    UnitOfMeasure,
    SubscriptionName,
    DepartmentName,
    InvoiceSection,
    InvoiceSectionName,
    AccountName,
    CostCenter,
    ConsumedService,
    MeterCategory,
    MeterSubCategory,
    MeterName,
    Product,
    ProductOrderId,
    ReservationId,
    Frequency,
}

impl TextField {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Frequency as usize + 1;

    /// By the name of a property of the list.
    pub(super) fn of_property(name: &str) -> Option<Self> {
        Some(match name {
            "currency" => Self::Currency,
            "billingCurrency" => Self::BillingCurrency,
            "billingCurrencyCode" => Self::BillingCurrencyCode,
            "date" => Self::Date,
            "usageStart" => Self::UsageStart,
            "resourceId" => Self::ResourceId,
            "instanceId" => Self::InstanceId,
            "resourceName" => Self::ResourceName,
            "instanceName" => Self::InstanceName,
            "resourceLocation" => Self::ResourceLocation,
            "instanceLocation" => Self::InstanceLocation,
            "location" => Self::Location,
            "resourceGroup" => Self::ResourceGroup,
            "subscriptionId" => Self::SubscriptionId,
            "subscriptionGuid" => Self::SubscriptionGuid,
            "chargeType" => Self::ChargeType,
            "publisherType" => Self::PublisherType,
            "pricingModel" => Self::PricingModel,
            "unitOfMeasure" => Self::UnitOfMeasure,
            "subscriptionName" => Self::SubscriptionName,
            "departmentName" => Self::DepartmentName,
            "invoiceSection" => Self::InvoiceSection,
            "invoiceSectionName" => Self::InvoiceSectionName,
            "accountName" => Self::AccountName,
            "costCenter" => Self::CostCenter,
            "consumedService" => Self::ConsumedService,
            "meterCategory" => Self::MeterCategory,
            "meterSubCategory" => Self::MeterSubCategory,
            "meterName" => Self::MeterName,
            "product" => Self::Product,
            "productOrderId" => Self::ProductOrderId,
            "reservationId" => Self::ReservationId,
            "frequency" => Self::Frequency,
            _ => return None,
        })
    }

    /// By the name of a column of a report, in small letters and nothing else.
    pub(super) fn of_column(name: &str) -> Option<Self> {
        Some(match name {
            "currency" => Self::Currency,
            "billingcurrency" => Self::BillingCurrency,
            "billingcurrencycode" => Self::BillingCurrencyCode,
            "date" | "usagedatetime" | "usagedate" => Self::Date,
            "resourceid" => Self::ResourceId,
            "instanceid" => Self::InstanceId,
            "resourcename" => Self::ResourceName,
            "instancename" => Self::InstanceName,
            "resourcelocation" => Self::ResourceLocation,
            "instancelocation" => Self::InstanceLocation,
            "location" => Self::Location,
            "resourcegroup" | "resourcegroupname" => Self::ResourceGroup,
            "subscriptionid" => Self::SubscriptionId,
            "subscriptionguid" => Self::SubscriptionGuid,
            "chargetype" => Self::ChargeType,
            "publishertype" => Self::PublisherType,
            "pricingmodel" => Self::PricingModel,
            "unitofmeasure" => Self::UnitOfMeasure,
            "subscriptionname" => Self::SubscriptionName,
            "departmentname" => Self::DepartmentName,
            "invoicesection" => Self::InvoiceSection,
            "invoicesectionname" => Self::InvoiceSectionName,
            "accountname" => Self::AccountName,
            "costcenter" => Self::CostCenter,
            "consumedservice" => Self::ConsumedService,
            "metercategory" => Self::MeterCategory,
            "metersubcategory" => Self::MeterSubCategory,
            "metername" => Self::MeterName,
            "product" | "productname" => Self::Product,
            "productorderid" => Self::ProductOrderId,
            "reservationid" => Self::ReservationId,
            "frequency" => Self::Frequency,
            _ => return None,
        })
    }
}
